// Augmentation: training images that are new in every epoch (practice P8).
#pragma once

#include <nn/dataset.hpp>
#include <nn/rng.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace xgrad::data {

/// One image: column x of row y of channel c is data[(c * height + y) * width + x].
template <class T>
struct ImageView {
    T* data;
    std::size_t channels, height, width;

    [[nodiscard]] std::size_t size() const noexcept { return channels * height * width; }
};

struct ImageOptions {
    /// Of the images in flattened rows (N, channels * height * width); both, or neither where the
    /// shape says it.
    std::size_t height = 0, width = 0;
    /// What lies outside of an image and shows where it is moved away, in the units of the data.
    double border = 0;
};

/// A chain of random changes to images (N, H, W), (N, C, H, W) or flattened ones, for training
/// rows only. Labels stay. What happens to a row is a function of the seed, the epoch, the row's
/// number in its dataset and the step's place in the chain: batches, order, threads and workers do
/// not matter.
///
///     Augmentation<float> augmentation(seed, {.height = 28, .width = 28});
///     augmentation.flip().rotate(10).shift(2);
///     DataLoader<float> loader(parts.train, {}, augmentation);
///
/// Rotations, zooms and shifts that follow each other are one map, so that the image is
/// interpolated once: bilinearly, the pixels outside being the border. The functions that add a
/// step return the Augmentation itself, and throw std::invalid_argument for an argument out of its
/// range.
template <class T>
class Augmentation {
public:
    /// Throws std::invalid_argument for a height without width or the reverse, or a border that is
    /// not finite.
    explicit Augmentation(std::uint64_t seed, const ImageOptions& images = {});

    /// Left becomes right, with that probability in [0, 1].
    Augmentation& flip(double probability = 0.5);
    /// A window of the image's size out of the image with a border of `padding` pixels all around,
    /// each of the (2 padding + 1)^2 places equally likely. The padding must be less than height
    /// and width.
    Augmentation& crop(std::size_t padding);
    /// Enlarged by a factor from [low, high), 0 < low <= high, around the centre; below 1 it
    /// shrinks.
    Augmentation& zoom(double low, double high);
    /// Turned around the centre by an angle from [-degrees, degrees), degrees in [0, 180]; above
    /// 0 is counterclockwise.
    Augmentation& rotate(double degrees);
    /// Moved by numbers from [-pixels, pixels), at least 0 and not whole ones, on each axis.
    Augmentation& shift(double pixels);
    /// Plus normal noise of that deviation, at least 0, on each pixel.
    Augmentation& noise(double deviation);
    /// The border's value in a square of size x size pixels around one of the image's, each equally
    /// likely; what is outside of the image is lost [DeVries and Taylor 2017, "Improved
    /// regularization of convolutional neural networks with cutout"]. At least 1.
    Augmentation& cutout(std::size_t size);
    /// w x + (1 - w) x', w from Beta(alpha, alpha), alpha > 0, where x' is another row of the
    /// dataset, each equally likely, with the steps so far as they change it in this epoch [Zhang
    /// et al. 2018, "mixup: beyond empirical risk minimization", eq. 1]. Batch::targets hold w t +
    /// (1 - w) t', t being the targets or, of shape (B, classes), 1 for the label and 0 for the
    /// others; Batch::y stays, whatever its part. The loss for that is cross_entropy(logits,
    /// Variable<T>(batch.targets)). At most one in a chain.
    Augmentation& mixup(double alpha);
    /// A step of your own, which changes an image in place and draws from the generator alone. It
    /// is called by several threads at once where a loader has workers.
    Augmentation& custom(std::string name, std::function<void(const ImageView<T>&, Rng&)> change);

    /// Whether batches have mixed targets.
    [[nodiscard]] bool mixes() const noexcept;
    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    /// "flip(0.5), rotate(10), shift(2)"; "nothing" without steps.
    [[nodiscard]] std::string text() const;

    /// The extents of the dataset's images, without data. Throws ShapeError as check() does.
    [[nodiscard]] ImageView<T> image_of(const Dataset<T>& dataset) const;
    /// Throws std::invalid_argument unless the dataset is a training part or unsplit (dev and test
    /// rows are judged as they are), ShapeError unless it has images with at least one pixel and
    /// more than a crop's padding.
    void check(const Dataset<T>& dataset) const;
    /// The given rows of the dataset in that epoch. Throws as check(), ShapeError for no rows,
    /// IndexError for a row that is not there, and what a custom step throws.
    [[nodiscard]] Batch<T> apply(
        const Dataset<T>& dataset, std::span<const std::size_t> rows, std::uint64_t epoch) const;
    /// The same into a batch, whose arrays are used where they fit.
    void apply(
        const Dataset<T>& dataset,
        std::span<const std::size_t> rows,
        std::uint64_t epoch,
        Batch<T>& batch) const;

private:
    enum class Kind : std::uint8_t {
        flip,
        crop,
        zoom,
        rotate,
        shift,
        noise,
        cutout,
        mixup,
        custom
    };
    struct Step {
        Kind kind;
        double first = 0;        // the argument, or
        std::size_t pixels = 0;  // where it is a number of pixels
        double second = 0;       // zoom's high
        std::string name = {};
        std::function<void(const ImageView<T>&, Rng&)> change = {};
    };
    class Maker;

    Augmentation& add(Step step);

    std::uint64_t seed_;
    ImageOptions images_;
    std::vector<Step> steps_;
};

}  // namespace xgrad::data
