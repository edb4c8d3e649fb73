#include <autograd/fail.hpp>
#include <nn/idx.hpp>

#include <algorithm>
#include <utility>

namespace xgrad::data {

template <class T>
Dataset<T> load_images(
    const std::filesystem::path& images, const std::filesystem::path& labels, std::size_t classes) {
    const IdxArray pixels = read_idx(images);
    if (pixels.shape.size() < 2) {
        fail<IoError>(
            "load_images: \"{}\" has shape {}; need (N, ...) with the pixels of each image",
            images.string(),
            pixels.shape);
    }
    const IdxArray classes_of = read_idx(labels);
    if (classes_of.shape.size() != 1 || classes_of.shape[0] != pixels.shape[0]) {
        fail<IoError>(
            "load_images: \"{}\" has shape {}, \"{}\" has shape {}; need one label for each image",
            images.string(),
            pixels.shape,
            labels.string(),
            classes_of.shape);
    }
    const std::size_t rows = pixels.shape[0];
    auto x = empty<T>({rows, rows == 0 ? 0 : pixels.bytes.size() / rows});
    std::transform(pixels.bytes.begin(), pixels.bytes.end(), x.data(), [](std::uint8_t byte) {
        return static_cast<T>(byte) / T{255};
    });
    return Dataset<T>(
        std::move(x), Labels(classes_of.bytes.begin(), classes_of.bytes.end()), classes);
}

template Dataset<float> load_images(
    const std::filesystem::path&, const std::filesystem::path&, std::size_t);
template Dataset<double> load_images(
    const std::filesystem::path&, const std::filesystem::path&, std::size_t);

}  // namespace xgrad::data
