// The page that a run of the demo leaves.
#pragma once

#include <nn/diagnose.hpp>
#include <nn/layer_report.hpp>
#include <tools/demo_checks.hpp>
#include <tools/demo_train.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace xgrad::demo {

/// One trained network.
struct Trained {
    train::FitResult fit;
    train::Evaluation train, dev;
    train::Diagnosis diagnosis;
};

struct Outcome {
    Trained first, final;
    search::SearchResult search;
    train::Evaluation test;
    train::Diagnosis diagnosis;  ///< of the final network, test included
    train::LayerReport layers;
    ModelCheck check_start, check_end;  ///< of the weights before and after training
    Array<float> test_scores;           ///< logits of the test images
    bool reloaded_same = false;         ///< the saved file scores them alike, bit for bit
    std::uint64_t hash = 0;             ///< of the final weights
    double seconds = 0;

    [[nodiscard]] double accuracy() const { return 1 - test.error; }
    [[nodiscard]] bool gradients_ok() const { return check_start.ok && check_end.ok; }
    /// The larger of the two.
    [[nodiscard]] double norm_ratio() const {
        return std::max(check_start.norm_ratio, check_end.norm_ratio);
    }
};

/// The report as a self-contained HTML page; `test` are the rows that judged.
[[nodiscard]] std::string report_page(
    const Outcome& outcome,
    const Data& data,
    const data::Dataset<float>& test,
    const Settings& settings);

}  // namespace xgrad::demo
