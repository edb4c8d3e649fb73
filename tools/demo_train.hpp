// The demo's settings, data, network and training.
#pragma once

#include <nn/fit.hpp>
#include <nn/nn.hpp>
#include <nn/search.hpp>
#include <nn/test_set.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace xgrad::demo {

constexpr std::size_t classes = 10;
inline const std::vector<std::string> class_names = {
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot"};

struct Settings {
    std::filesystem::path data = "/usr/share/datasets/fashion-mnist";  // Debian's package
    std::filesystem::path out = "build/demo";
    std::size_t first_epochs = 15;  // of the first network, which nothing holds back
    std::size_t epochs = 36;
    std::size_t batch = 256;
    double lr = 2e-3;
    double keep_prob = 1;  // the search finds these two
    double weight_decay = 0;
    std::vector<std::size_t> hidden = {512, 256};
    std::size_t patience = 8;
    std::size_t trials = 9;
    std::size_t trial_epochs = 15;
    std::size_t trial_rows = 20'000;
    std::uint64_t seed = 1;
    std::size_t threads = 1;
    double require_accuracy = 0.90;
    bool quick = false;
    bool live = false;
};

/// Normalised by the training part's figures.
struct Data {
    data::Dataset<float> train, dev;
    data::TestSet<float> test;
    data::Normalizer<float> normalizer;
    Shape image;                      ///< rows and columns
    std::vector<std::string> report;  ///< what the guards say, a line each

    [[nodiscard]] std::size_t features() const { return train.x().shape()[1]; }
    /// What a black pixel has become.
    [[nodiscard]] double black() const {
        return -normalizer.mean().data()[0] / normalizer.scale().data()[0];
    }
};

/// Reads the four IDX files, takes a twelfth of the training images as dev set, the labels in equal
/// shares, normalises, and looks for images in two parts and for parts that differ. With
/// settings.quick only the first 6,000 and 1,000 images count. Throws IoError.
[[nodiscard]] Data load_data(const Settings& settings);

/// Dense layers with relu and dropout between, as the settings say. The seed draws the weights and
/// the masks.
template <class T>
[[nodiscard]] nn::Sequential<T> build_network(std::size_t features, const Settings& settings);

/// AdamW under a rate that falls to 0 on a half cosine.
[[nodiscard]] train::FitOptions<float> fit_options(const Settings& settings, std::size_t epochs);

/// keep_prob and weight_decay by successive halving: short trainings on a part of the training
/// images, two at a time where there are two threads, scored on dev.
[[nodiscard]] search::SearchResult search_regularisation(
    const Data& data, const Settings& settings);

/// FNV-1a [Fowler, Noll and Vo] over the names and bytes of all parameters.
[[nodiscard]] std::uint64_t hash_of(const nn::StateDict<float>& state);

}  // namespace xgrad::demo
