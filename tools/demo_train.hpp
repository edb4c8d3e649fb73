// The demo's settings, data, network and training.
#pragma once

#include <nn/nn.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace xgrad::demo {

constexpr std::size_t classes = 10;

struct Settings {
    std::filesystem::path data = "/usr/share/datasets/fashion-mnist";  // Debian's package
    std::filesystem::path out = "build/demo";
    std::size_t epochs = 20;
    std::size_t batch = 256;
    double lr = 2e-3;
    double keep_prob = 0.8;
    double weight_decay = 0.3;
    std::vector<std::size_t> hidden = {512, 256};
    std::size_t patience = 5;
    std::uint64_t seed = 1;
    std::size_t threads = 1;
    double require_accuracy = 0.885;
    bool quick = false;
};

/// All but the raw images are normalised by the training part's figures.
struct Data {
    data::Dataset<float> train, dev, test;
    data::Dataset<float> raw_test;  ///< pixels in [0, 1]
    data::Normalizer<float> normalizer;
    Shape image;  ///< rows and columns

    [[nodiscard]] std::size_t features() const { return train.x().shape()[1]; }
};

/// Reads the four IDX files, takes a twelfth of the training images as dev set, the labels in equal
/// shares, and normalises. With settings.quick only the first 6,000 and 1,000 images count. Throws
/// IoError.
[[nodiscard]] Data load_data(const Settings& settings);

/// Dense layers with relu and dropout between, as the settings say. The seed draws the weights and
/// the masks.
template <class T>
[[nodiscard]] nn::Sequential<T> build_network(std::size_t features, const Settings& settings);

struct Training {
    train::History history;
    std::size_t best_epoch = 0;
    bool stopped_early = false;
    double seconds = 0;
};

/// AdamW under a rate that falls to 0 on a half cosine, and early stopping on the dev error; the
/// network ends with the best epoch's weights. Prints a line for each epoch, and on a terminal a
/// bar before that. The history's train figures are taken from as many training images as dev has.
/// Throws std::runtime_error when the dev cost is not finite.
[[nodiscard]] Training train_network(
    nn::Sequential<float>& net, const Data& data, const Settings& settings);

/// FNV-1a [Fowler, Noll and Vo] over the names and bytes of all parameters.
[[nodiscard]] std::uint64_t hash_of(const nn::StateDict<float>& state);

}  // namespace xgrad::demo
