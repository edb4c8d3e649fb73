// Fashion-MNIST [Xiao, Rasul and Vollgraf 2017] for the examples that learn it.
#pragma once

#include <nn/idx.hpp>
#include <nn/nn.hpp>

#include <cstdio>
#include <filesystem>

namespace fashion_mnist {

constexpr std::size_t classes = 10;

/// What Debian's package dataset-fashion-mnist installs.
inline const std::filesystem::path folder = "/usr/share/datasets/fashion-mnist";

/// Whether it is there. Where it is not, a program says so and ends with the exit code that a test
/// runner takes for "skipped".
inline bool installed() { return std::filesystem::exists(folder); }
inline int say_missing() {
    std::fprintf(
        stderr,
        "%s is not there; install it: apt-get install dataset-fashion-mnist\n",
        folder.c_str());
    return 77;
}

/// To learn from, to choose by, and to judge by once.
struct Sets {
    xgrad::data::Dataset<float> train, dev, test;
};

/// All sets, normalised by the mean and deviation of the training pixels; images of shape `image`.
/// dev is a twelfth of the training images, the labels in equal shares. With `quick` the first
/// 3,000 training and 1,000 test images. Throws xgrad::IoError.
inline Sets load(const xgrad::Shape& image, bool quick) {
    using namespace xgrad::data;
    const auto read = [&](const std::string& name, std::size_t quick_rows) {
        const auto set = load_images(
            folder / (name + "-images-idx3-ubyte.gz"),
            folder / (name + "-labels-idx1-ubyte.gz"),
            classes);
        return set.slice(0, quick ? quick_rows : set.size());
    };
    const auto parts = split_dataset(
        read("train", 3'000), {.train = 11.0 / 12, .dev = 1.0 / 12}, {.stratify = true});
    Normalizer<float> normalizer({.per_feature = false});
    normalizer.fit(parts.train.x());
    const auto ready = [&](const Dataset<float>& set) {
        auto x = normalizer.transform(set.x());
        xgrad::Shape shape{set.size()};
        shape.insert(shape.end(), image.begin(), image.end());
        x.reshape(shape);
        return Dataset<float>(std::move(x), set.y(), classes);
    };
    return {ready(parts.train), ready(*parts.dev), ready(read("t10k", 1'000))};
}

}  // namespace fashion_mnist
