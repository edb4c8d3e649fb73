// From what training found to the figures of a report.
#pragma once

#include <nn/diagnose.hpp>
#include <nn/layer_report.hpp>
#include <nn/metrics.hpp>
#include <tools/report_figures.hpp>
#include <tools/run_folder.hpp>

#include <string>
#include <vector>

namespace xgrad {
struct GradcheckReport;
}

namespace xgrad::report {

/// Rows that predicted nothing, for a NaN, are left out. Without names the classes are "0", "1",
/// ... Throws std::invalid_argument for another number of names.
[[nodiscard]] Confusion confusion_of(
    const train::ConfusionMatrix& matrix, std::vector<std::string> classes = {});

/// A row for each layer, its gradient the rms.
[[nodiscard]] std::vector<LayerRow> rows_of(const train::LayerReport& report);

/// "diagnosis", the verdict, and what to try, for a report and for RunRecorder::verdict().
[[nodiscard]] Verdict verdict_of(const train::Diagnosis& diagnosis);

/// The errors that there are, each with its rows and the gap that ends at it.
[[nodiscard]] std::vector<ErrorBar> bars_of(
    const train::ErrorRates& rates, const train::Diagnosis& diagnosis);

/// The first order of a gradient check, an entry an input. Needs no more than the report: whoever
/// has one links the checker.
[[nodiscard]] GradientTable gradients_of(const GradcheckReport& report);

}  // namespace xgrad::report
