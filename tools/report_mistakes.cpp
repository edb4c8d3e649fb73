#include <autograd/fail.hpp>
#include <tools/report_mistakes.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace xgrad::report {
namespace {

template <class T>
void check_scores(const char* function, const Array<T>& scores, const data::Labels& labels) {
    if (scores.dimension() != 2 || scores.shape()[0] != labels.size()) {
        fail<ShapeError>(
            "{}: scores {} for {} labels; need (labels, classes)",
            function,
            to_string(scores.shape()),
            labels.size());
    }
    for (const std::int64_t label : labels) {
        if (label < 0 || static_cast<std::size_t>(label) >= scores.shape()[1]) {
            fail<ShapeError>(
                "{}: label {} for scores of {} classes; need one of them",
                function,
                label,
                scores.shape()[1]);
        }
    }
}

// The class with the largest score, and its probability. None is called where a score is NaN.
struct Call {
    std::size_t best;
    double sure;
    bool none;
};

template <class T>
Call called(std::span<const T> row) {
    std::size_t best = 0;
    bool has_nan = false;
    for (std::size_t k = 0; k < row.size(); ++k) {
        has_nan = has_nan || std::isnan(row[k]);
        if (row[k] > row[best] || std::isnan(row[best]))
            best = k;
    }
    double sum = 0;
    for (const T score : row)
        sum += std::exp(static_cast<double>(score) - static_cast<double>(row[best]));
    return {best, std::isfinite(sum) ? 1 / sum : 0, has_nan};
}

template <class T>
std::span<const T> row_of(const Array<T>& array, std::size_t row) {
    const std::size_t size = array.size() / array.shape()[0];
    return {array.data() + row * size, size};
}

struct Size {
    std::size_t channels, height, width;
};

// Of the images that x holds, if it does.
std::optional<Size> size_of(const Shape& x, const Pixels& pixels) {
    Size size{1, pixels.height, pixels.width};
    if (x.size() == 3)
        size = {1, x[1], x[2]};
    else if (x.size() == 4)
        size = {x[1], x[2], x[3]};
    else if (x.size() != 2 || x[1] != pixels.height * pixels.width)
        return std::nullopt;
    return size.channels * size.height * size.width == 0 ? std::nullopt : std::optional(size);
}

std::string name_of(const std::vector<std::string>& classes, std::size_t k) {
    return k < classes.size() ? classes[k] : fmt::format("{}", k);
}

std::string how_sure(const Mistake& mistake) {
    return fmt::format("{} sure, row {}", percent(mistake.sure, 1), mistake.row);
}

}  // namespace

template <class T>
std::vector<Mistake> worst_mistakes(
    const Array<T>& scores, const data::Labels& labels, std::size_t count) {
    check_scores("worst_mistakes", scores, labels);
    std::vector<Mistake> wrong;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const Call call = called(row_of(scores, i));
        const auto label = static_cast<std::size_t>(labels[i]);
        if (call.none || call.best != label)
            wrong.push_back({i, label, call.best, call.sure});
    }
    std::ranges::stable_sort(wrong, std::ranges::greater(), &Mistake::sure);
    if (wrong.size() > count)
        wrong.resize(count);
    return wrong;
}

template <class T>
Confusion confusion_of(
    const Array<T>& scores, const data::Labels& labels, std::vector<std::string> classes) {
    check_scores("confusion_of", scores, labels);
    const std::size_t n = scores.shape()[1];
    if (classes.empty()) {
        for (std::size_t k = 0; k < n; ++k)
            classes.push_back(fmt::format("{}", k));
    }
    if (classes.size() != n) {
        fail<std::invalid_argument>(
            "confusion_of: {} names for {} classes; need one for each", classes.size(), n);
    }
    Confusion found{
        std::move(classes), std::vector<std::vector<std::size_t>>(n, std::vector<std::size_t>(n))};
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const Call call = called(row_of(scores, i));
        const auto label = static_cast<std::size_t>(labels[i]);
        if (!call.none || call.best != label)
            ++found.counts[label][call.best];
    }
    return found;
}

template <class T>
std::optional<Image> image_of(
    const data::Dataset<T>& dataset, std::size_t row, const Pixels& pixels) {
    if (row >= dataset.size()) {
        fail<IndexError>(
            "image_of: row {} of a dataset of {}; need a smaller one", row, dataset.size());
    }
    const std::optional<Size> size = size_of(dataset.x().shape(), pixels);
    if (!size)
        return std::nullopt;
    Image image{size->width, size->height, {}, ""};
    const std::size_t count = image.width * image.height;
    const std::span<const T> values = row_of(dataset.x(), row);
    for (std::size_t i = 0; i < count; ++i) {
        double sum = 0;
        for (std::size_t c = 0; c < size->channels; ++c)
            sum += static_cast<double>(values[c * count + i]);
        const double mean = sum / static_cast<double>(size->channels);
        const double share = (mean - pixels.black) / (pixels.white - pixels.black);
        image.pixels.push_back(static_cast<std::uint8_t>(
            std::isnan(share) ? 0L : std::lround(255 * std::clamp(share, 0.0, 1.0))));
    }
    return image;
}

template <class T>
std::vector<Image> images_of(
    const std::vector<Mistake>& mistakes,
    const data::Dataset<T>& dataset,
    const std::vector<std::string>& classes,
    const Pixels& pixels) {
    std::vector<Image> images;
    for (const Mistake& mistake : mistakes) {
        std::optional<Image> image = image_of(dataset, mistake.row, pixels);
        if (!image)
            return {};
        image->caption = fmt::format(
            "{}, called {}", name_of(classes, mistake.label), name_of(classes, mistake.called));
        image->detail = how_sure(mistake);
        images.push_back(std::move(*image));
    }
    return images;
}

Table table_of(const std::vector<Mistake>& mistakes, const std::vector<std::string>& classes) {
    Table table{{"class", "called", "sure", "row"}, {}, 2};
    for (const Mistake& mistake : mistakes) {
        table.rows.push_back(
            {name_of(classes, mistake.label),
             name_of(classes, mistake.called),
             percent(mistake.sure, 1),
             fmt::format("{}", mistake.row)});
    }
    return table;
}

template std::vector<Mistake> worst_mistakes(const Array<float>&, const data::Labels&, std::size_t);
template std::vector<Mistake> worst_mistakes(
    const Array<double>&, const data::Labels&, std::size_t);
template Confusion confusion_of(const Array<float>&, const data::Labels&, std::vector<std::string>);
template Confusion confusion_of(
    const Array<double>&, const data::Labels&, std::vector<std::string>);
template std::optional<Image> image_of(const data::Dataset<float>&, std::size_t, const Pixels&);
template std::optional<Image> image_of(const data::Dataset<double>&, std::size_t, const Pixels&);
template std::vector<Image> images_of(
    const std::vector<Mistake>&,
    const data::Dataset<float>&,
    const std::vector<std::string>&,
    const Pixels&);
template std::vector<Image> images_of(
    const std::vector<Mistake>&,
    const data::Dataset<double>&,
    const std::vector<std::string>&,
    const Pixels&);

}  // namespace xgrad::report
