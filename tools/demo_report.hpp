// What a run of the demo leaves behind: a page to read and a record to compare.
#pragma once

#include <tools/demo_checks.hpp>
#include <tools/demo_train.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace xgrad::demo {

struct Outcome {
    Training training;
    train::Evaluation train, dev, test;
    train::Diagnosis diagnosis;
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

/// The report as a self-contained HTML page.
[[nodiscard]] std::string report_page(
    const Outcome& outcome, nn::Sequential<float>& net, const Data& data, const Settings& settings);

/// The run as JSON: settings, sizes, curves, errors, verdicts.
[[nodiscard]] std::string run_record(
    const Outcome& outcome, const Data& data, const Settings& settings);

}  // namespace xgrad::demo
