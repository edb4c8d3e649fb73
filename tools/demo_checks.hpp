// What the demo proves about its own network: gradients, and the saved file.
#pragma once

#include <tools/demo_train.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace xgrad::demo {

struct ParameterCheck {
    std::string name;
    Shape shape;
    std::size_t checked = 0;    ///< elements, drawn at random
    double norm_ratio = 0;      ///< of analytic and numeric gradient (practice P14)
    double relative_error = 0;  ///< the worst element's
    double float_ratio = 0;     ///< the same norm ratio of the float and the double gradient
};

struct ModelCheck {
    bool ok = false;
    double norm_ratio = 0;  ///< of all that was checked, as one vector
    std::vector<ParameterCheck> parameters;
    std::string text;  ///< the checker's report
};

/// Loads the weights into a network of the same layers in double, fixes its dropout masks, and
/// compares the gradients of the cost on a few training images with two-sided differences.
[[nodiscard]] ModelCheck check_gradients(
    const nn::StateDict<float>& state, const Data& data, const Settings& settings);

/// Writes weights, the normaliser's state and the settings as one safetensors file. Throws IoError.
void save_model(
    const std::filesystem::path& path,
    const nn::Sequential<float>& net,
    const data::Normalizer<float>& normalizer,
    const Settings& settings);

/// A network and its normaliser, from the file alone.
struct Model {
    nn::Sequential<float> net;
    data::Normalizer<float> normalizer;
};

/// Throws IoError for a file that save_model did not write.
[[nodiscard]] Model load_model(const std::filesystem::path& path);

}  // namespace xgrad::demo
