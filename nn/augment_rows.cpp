#include <autograd/fail.hpp>
#include <nn/augment.hpp>
#include <nn/augment_image.hpp>
#include <nn/beta.hpp>
#include <nn/rows.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace xgrad::data {
namespace {

// The stream of the generator, apart from that of the order in which rows are dealt.
constexpr std::uint64_t change_stream = 0x6368616E6765;

}  // namespace

// Makes the rows of one epoch.
template <class T>
class Augmentation<T>::Maker {
public:
    Maker(const Augmentation& chain, const Dataset<T>& dataset, std::uint64_t epoch)
        : chain_(chain),
          dataset_(dataset),
          shape_(chain.image_of(dataset)),
          border_(static_cast<T>(chain.images_.border)),
          epoch_(Rng(chain.seed_, change_stream).split(epoch)) {}

    /// The row as it is after the first `steps` steps. `targets` are written by a mixup among them.
    void make(std::size_t row, std::size_t steps, T* to, T* targets) {
        const ImageView<T> image{to, shape_.channels, shape_.height, shape_.width};
        std::copy_n(dataset_.x().data() + row * image.size(), image.size(), to);
        const Rng generators = epoch_.split(row);
        map_.reset();
        for (std::size_t i = 0; i < steps; ++i) {
            const Step& step = chain_.steps_[i];
            Rng rng = generators.split(i);
            if (step.kind == Kind::zoom || step.kind == Kind::rotate || step.kind == Kind::shift) {
                map_ = chained(map_.value_or(detail::Affine{}), drawn_map(step, rng));
                continue;
            }
            apply_map(image);
            if (step.kind == Kind::mixup) {
                mix(row, i, rng, image, targets);
            } else {
                change(step, rng, image);
            }
        }
        apply_map(image);
    }

private:
    static detail::Affine drawn_map(const Step& step, Rng& rng) {
        if (step.kind == Kind::zoom)
            return detail::scaling(rng.uniform(step.first, step.second));
        if (step.kind == Kind::rotate)
            return detail::rotation(rng.uniform(-step.first, step.first));
        const double right = rng.uniform(-step.first, step.first);
        return detail::translation(right, rng.uniform(-step.first, step.first));
    }

    void apply_map(const ImageView<T>& image) {
        if (const auto map = std::exchange(map_, {}))
            detail::resample(image, *map, border_, scratch_);
    }

    // The steps that are no map, and ask for no other row.
    void change(const Step& step, Rng& rng, const ImageView<T>& image) {
        switch (step.kind) {
            case Kind::flip:
                if (rng.uniform() < step.first)
                    detail::mirror(image);
                return;
            case Kind::crop: {
                const auto drawn = [&] {
                    return static_cast<std::ptrdiff_t>(rng.below(2 * step.pixels + 1)) -
                           static_cast<std::ptrdiff_t>(step.pixels);
                };
                const std::ptrdiff_t right = drawn();
                return detail::move_pixels(image, right, drawn(), border_, scratch_);
            }
            case Kind::noise:
                for (std::size_t i = 0; i < image.size(); ++i)
                    image.data[i] += static_cast<T>(step.first * rng.normal());
                return;
            case Kind::cutout: {
                // A larger square would cover no more.
                const std::size_t size =
                    std::min(step.pixels, 2 * std::max(image.height, image.width));
                const auto half = static_cast<std::ptrdiff_t>(size / 2);
                const auto x = static_cast<std::ptrdiff_t>(rng.below(image.width)) - half;
                const auto y = static_cast<std::ptrdiff_t>(rng.below(image.height)) - half;
                return detail::cut_square(image, x, y, size, border_);
            }
            default: return step.change(image, rng);
        }
    }

    void mix(std::size_t row, std::size_t step, Rng& rng, const ImageView<T>& image, T* targets) {
        const auto weight = static_cast<T>(detail::draw_beta(chain_.steps_[step].first, rng));
        const std::size_t other = rng.below(dataset_.size());
        other_.resize(image.size());
        make(other, step, other_.data(), nullptr);
        for (std::size_t i = 0; i < image.size(); ++i)
            image.data[i] = weight * image.data[i] + (1 - weight) * other_[i];
        if (dataset_.classes() > 0) {
            std::fill_n(targets, dataset_.classes(), T(0));
            targets[dataset_.y()[row]] += weight;
            targets[dataset_.y()[other]] += 1 - weight;
            return;
        }
        const std::size_t width = detail::row_size(dataset_.targets());
        const T* const all = dataset_.targets().data();
        for (std::size_t i = 0; i < width; ++i)
            targets[i] = weight * all[row * width + i] + (1 - weight) * all[other * width + i];
    }

    const Augmentation& chain_;
    const Dataset<T>& dataset_;
    const ImageView<T> shape_;
    const T border_;
    const Rng epoch_;
    std::optional<detail::Affine> map_;
    std::vector<T> scratch_, other_;
};

template <class T>
void Augmentation<T>::apply(
    const Dataset<T>& dataset,
    std::span<const std::size_t> rows,
    std::uint64_t epoch,
    Batch<T>& batch) const {
    check(dataset);
    detail::check_rows("Augmentation::apply", dataset, rows);
    detail::make_fit(batch, dataset, rows.size(), mixes());
    detail::gather_labels(dataset, rows, batch);
    if (dataset.classes() == 0 && !mixes())
        detail::gather(dataset.targets(), rows, batch.targets);
    const std::size_t width = detail::row_size(dataset.x());
    const std::size_t target_width = mixes() ? detail::row_size(batch.targets) : 0;
    Maker maker(*this, dataset, epoch);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        T* const targets = mixes() ? batch.targets.data() + i * target_width : nullptr;
        maker.make(rows[i], steps_.size(), batch.x.data() + i * width, targets);
    }
}

template <class T>
Batch<T> Augmentation<T>::apply(
    const Dataset<T>& dataset, std::span<const std::size_t> rows, std::uint64_t epoch) const {
    Batch<T> batch;
    apply(dataset, rows, epoch, batch);
    return batch;
}

template void Augmentation<float>::apply(
    const Dataset<float>&, std::span<const std::size_t>, std::uint64_t, Batch<float>&) const;
template Batch<float> Augmentation<float>::apply(
    const Dataset<float>&, std::span<const std::size_t>, std::uint64_t) const;
template void Augmentation<double>::apply(
    const Dataset<double>&, std::span<const std::size_t>, std::uint64_t, Batch<double>&) const;
template Batch<double> Augmentation<double>::apply(
    const Dataset<double>&, std::span<const std::size_t>, std::uint64_t) const;

}  // namespace xgrad::data
