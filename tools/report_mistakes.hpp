// A classifier's mistakes: counted, and the worst ones to look at.
#pragma once

#include <nn/data.hpp>
#include <tools/report.hpp>
#include <tools/report_figures.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::report {

/// A row that was taken for another class than its label's.
struct Mistake {
    std::size_t row;
    std::size_t label;
    std::size_t called;  ///< the class with the largest score, the first of equals
    double sure;         ///< its probability, softmax of the row's scores; 0 where one is NaN
};

/// The mistakes in scores (N, classes) before any softmax, the surest first, `count` at most;
/// a row with a NaN is one. Throws ShapeError when scores and labels do not fit.
template <class T>
[[nodiscard]] std::vector<Mistake> worst_mistakes(
    const Array<T>& scores, const data::Labels& labels, std::size_t count = 12);

/// The confusion matrix of such scores; a row with a NaN counts where its largest number is, but
/// never as right. Without names the classes are "0", "1", ... Throws ShapeError when scores and
/// labels do not fit, std::invalid_argument for another number of names.
template <class T>
[[nodiscard]] Confusion confusion_of(
    const Array<T>& scores, const data::Labels& labels, std::vector<std::string> classes = {});

/// How a row's values are pixels.
struct Pixels {
    double black = 0;  ///< values from black to white; what lies outside is cut
    double white = 1;
    std::size_t height = 0;  ///< of rows that are flat, (N, height * width); 0: those are no images
    std::size_t width = 0;
};

/// A row of a dataset as an image: of x (N, height, width) or (N, channels, height, width), the
/// channels averaged, or flat as `pixels` says. Nothing when x has another shape. Throws IndexError
/// for a row that is not there.
template <class T>
[[nodiscard]] std::optional<Image> image_of(
    const data::Dataset<T>& dataset, std::size_t row, const Pixels& pixels = {});

/// The mistakes as images of a dataset's rows, "coat, called shirt", with how sure the model was;
/// empty when the rows are no images.
template <class T>
[[nodiscard]] std::vector<Image> images_of(
    const std::vector<Mistake>& mistakes,
    const data::Dataset<T>& dataset,
    const std::vector<std::string>& classes,
    const Pixels& pixels = {});

/// The mistakes as a table, for rows that are no images.
[[nodiscard]] Table table_of(
    const std::vector<Mistake>& mistakes, const std::vector<std::string>& classes);

}  // namespace xgrad::report
