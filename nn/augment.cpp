#include <autograd/fail.hpp>
#include <nn/augment.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::data {

template <class T>
Augmentation<T>::Augmentation(std::uint64_t seed, const ImageOptions& images)
    : seed_(seed),
      images_(images) {
    if ((images.height == 0) != (images.width == 0)) {
        fail<std::invalid_argument>(
            "Augmentation: the height is {} and the width {}; need both, or neither",
            images.height,
            images.width);
    }
    if (!std::isfinite(images.border)) {
        fail<std::invalid_argument>(
            "Augmentation: the border is {}; need a finite value", images.border);
    }
}

template <class T>
Augmentation<T>& Augmentation<T>::add(Step step) {
    steps_.push_back(std::move(step));
    return *this;
}

template <class T>
Augmentation<T>& Augmentation<T>::flip(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
        fail<std::invalid_argument>(
            "Augmentation::flip: the probability is {}; need 0 <= probability <= 1", probability);
    }
    return add({.kind = Kind::flip, .first = probability});
}

template <class T>
Augmentation<T>& Augmentation<T>::crop(std::size_t padding) {
    return add({.kind = Kind::crop, .pixels = padding});
}

template <class T>
Augmentation<T>& Augmentation<T>::zoom(double low, double high) {
    if (!(low > 0 && low <= high && std::isfinite(high) && std::isfinite(1 / low))) {
        fail<std::invalid_argument>(
            "Augmentation::zoom: the factors are {} to {}; need 0 < low <= high < infinity",
            low,
            high);
    }
    return add({.kind = Kind::zoom, .first = low, .second = high});
}

template <class T>
Augmentation<T>& Augmentation<T>::rotate(double degrees) {
    if (!(degrees >= 0 && degrees <= 180)) {
        fail<std::invalid_argument>(
            "Augmentation::rotate: the angle is {}; need 0 <= degrees <= 180", degrees);
    }
    return add({.kind = Kind::rotate, .first = degrees});
}

template <class T>
Augmentation<T>& Augmentation<T>::shift(double pixels) {
    if (!(pixels >= 0 && std::isfinite(2 * pixels))) {
        fail<std::invalid_argument>(
            "Augmentation::shift: the distance is {}; need 0 <= pixels < infinity", pixels);
    }
    return add({.kind = Kind::shift, .first = pixels});
}

template <class T>
Augmentation<T>& Augmentation<T>::noise(double deviation) {
    if (!(deviation >= 0 && std::isfinite(deviation))) {
        fail<std::invalid_argument>(
            "Augmentation::noise: the deviation is {}; need 0 <= deviation < infinity", deviation);
    }
    return add({.kind = Kind::noise, .first = deviation});
}

template <class T>
Augmentation<T>& Augmentation<T>::cutout(std::size_t size) {
    if (size == 0)
        fail<std::invalid_argument>("Augmentation::cutout: the size is 0; need at least 1");
    return add({.kind = Kind::cutout, .pixels = size});
}

template <class T>
Augmentation<T>& Augmentation<T>::mixup(double alpha) {
    if (!(alpha > 0 && std::isfinite(alpha))) {
        fail<std::invalid_argument>(
            "Augmentation::mixup: alpha is {}; need 0 < alpha < infinity", alpha);
    }
    if (mixes())
        fail<std::invalid_argument>("Augmentation::mixup: the chain has one; need at most one");
    return add({.kind = Kind::mixup, .first = alpha});
}

template <class T>
Augmentation<T>& Augmentation<T>::custom(
    std::string name, std::function<void(const ImageView<T>&, Rng&)> change) {
    if (!change) {
        fail<std::invalid_argument>(
            "Augmentation::custom: step \"{}\" is an empty function; need one to call", name);
    }
    return add({.kind = Kind::custom, .name = std::move(name), .change = std::move(change)});
}

template <class T>
bool Augmentation<T>::mixes() const noexcept {
    return std::ranges::any_of(steps_, [](const Step& s) { return s.kind == Kind::mixup; });
}

template <class T>
std::string Augmentation<T>::text() const {
    const auto text_of = [](const Step& step) {
        switch (step.kind) {
            case Kind::flip: return fmt::format("flip({})", step.first);
            case Kind::crop: return fmt::format("crop({})", step.pixels);
            case Kind::zoom: return fmt::format("zoom({}, {})", step.first, step.second);
            case Kind::rotate: return fmt::format("rotate({})", step.first);
            case Kind::shift: return fmt::format("shift({})", step.first);
            case Kind::noise: return fmt::format("noise({})", step.first);
            case Kind::cutout: return fmt::format("cutout({})", step.pixels);
            case Kind::mixup: return fmt::format("mixup({})", step.first);
            case Kind::custom: return step.name;
        }
        return std::string();
    };
    std::string text;
    for (const Step& step : steps_)
        text += (text.empty() ? "" : ", ") + text_of(step);
    return text.empty() ? "nothing" : text;
}

template <class T>
ImageView<T> Augmentation<T>::image_of(const Dataset<T>& dataset) const {
    const Shape& shape = dataset.x().shape();
    const std::size_t rank = shape.size();
    if (!(rank == 3 || rank == 4 || (rank == 2 && images_.height > 0))) {
        fail<ShapeError>(
            "Augmentation: x has shape {}; need images (N, H, W) or (N, C, H, W), or the height "
            "and width of flattened ones",
            shape);
    }
    ImageView<T> image{nullptr, 1, images_.height, images_.width};
    if (rank == 2) {
        image.channels = shape[1] / image.height / image.width;
        if (image.size() != shape[1] || image.size() == 0) {
            fail<ShapeError>(
                "Augmentation: x has shape {}, an image {} x {} pixels; need whole images in a "
                "row, at least one",
                shape,
                image.height,
                image.width);
        }
        return image;
    }
    image = {nullptr, rank == 4 ? shape[1] : 1, shape[rank - 2], shape[rank - 1]};
    if (image.size() == 0)
        fail<ShapeError>("Augmentation: x has shape {}; need at least one pixel", shape);
    if (images_.height > 0 && (image.height != images_.height || image.width != images_.width)) {
        fail<ShapeError>(
            "Augmentation: x has shape {}, the images are said to have {} x {} pixels; need one "
            "size",
            shape,
            images_.height,
            images_.width);
    }
    return image;
}

template <class T>
void Augmentation<T>::check(const Dataset<T>& dataset) const {
    if (dataset.part() != Part::train && dataset.part() != Part::unsplit) {
        fail<std::invalid_argument>(
            "Augmentation: the dataset is the {} part, {} rows; need training rows, as others are "
            "judged as they are",
            to_string(dataset.part()),
            dataset.size());
    }
    const ImageView<T> image = image_of(dataset);
    for (const Step& step : steps_) {
        if (step.kind == Kind::crop && step.pixels >= std::min(image.height, image.width)) {
            fail<ShapeError>(
                "Augmentation: an image has {} x {} pixels, a crop's padding {}; need more than "
                "the padding",
                image.height,
                image.width,
                step.pixels);
        }
    }
}

template class Augmentation<float>;
template class Augmentation<double>;

}  // namespace xgrad::data
