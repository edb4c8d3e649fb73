// Figures of a report that a run of training asks for: a confusion matrix, scores as bars, layers,
// a gradient check. Each takes plain numbers; html() makes a piece for Page::piece().
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::report {

/// How many rows of each class were called what.
struct Confusion {
    std::vector<std::string> classes;              ///< names
    std::vector<std::vector<std::size_t>> counts;  ///< [label][called]

    /// Off the diagonal.
    [[nodiscard]] std::size_t mistakes() const noexcept;
};

/// A row for each class with the share of it that was found (recall), a last one with the share of
/// what was called so that is so (precision); mistakes stand out by their share of the largest.
/// Throws std::invalid_argument when the counts are not a square of as many rows as names.
[[nodiscard]] std::string html(const Confusion& confusion);

/// The error on one part of the data, as a bar.
struct ErrorBar {
    std::string name;         ///< "dev"
    double error;             ///< in [0, 1]
    std::string detail = {};  ///< "5,000 rows, cost 0.31; variance 2.1 %"
};

/// Bars below each other, to one scale.
[[nodiscard]] std::string html(const std::vector<ErrorBar>& bars);

/// What is known of one layer on one batch; a figure that is left out is not shown.
struct LayerRow {
    std::string name;        ///< "3"
    std::string layer = {};  ///< "Dense(512, 256)"
    std::optional<std::size_t> parameters = {};
    std::optional<double> mean = {};            ///< of its activations
    std::optional<double> deviation = {};       ///< of its activations
    std::optional<double> zeros = {};           ///< share of activations that are exactly 0
    std::optional<double> gradient = {};        ///< rms of the gradients of its activations
    std::optional<double> gradient_zeros = {};  ///< share of them that are exactly 0
    std::optional<double> update = {};          ///< |change of the weights| / |weights| in a step
    std::string verdict = {};                   ///< "healthy", "vanishing"
    bool healthy = true;
    std::string reason = {};  ///< "64 of 64 units are 0 for every row"
};

/// A table with the columns that some layer has.
[[nodiscard]] std::string html(const std::vector<LayerRow>& layers);

/// The comparison of analytic and numeric gradients (practice P14).
struct GradientTable {
    struct Row {
        std::string name;  ///< "0.weight"
        std::string shape = {};
        std::size_t checked = 0;  ///< elements
        double norm_ratio = 0;
        std::optional<double> worst = {};  ///< relative error of the worst element
        std::string verdict = {};
    };
    bool ok = false;
    double norm_ratio = 0;  ///< of all as one vector
    std::vector<Row> rows = {};
    std::string text = {};  ///< more, as the checker prints it; kept as it is
};

[[nodiscard]] std::string html(const GradientTable& table);

/// "5,000" for 5000.
[[nodiscard]] std::string grouped(std::size_t number);
/// "1.23 %" for 0.0123.
[[nodiscard]] std::string percent(double share, int digits = 2);

namespace detail {
/// The part of the page's style that these figures need.
[[nodiscard]] const char* figure_style() noexcept;
}  // namespace detail

}  // namespace xgrad::report
