// RunRecorder: a run of fit() leaves a folder that can be read and compared (practice P15).
#pragma once

#include <nn/callback.hpp>
#include <tools/run_folder.hpp>

#include <filesystem>
#include <string>

namespace xgrad::report {

/// Writes the run's folder while fit() trains; see RunFolder for its files.
///
///     auto run = std::make_shared<report::RunRecorder<float>>(
///         report::new_run_folder("runs", "wide"), report::RunOptions{.settings = {{"width",
///         512}}});
///     options.callbacks.push_back(run);
///     train::fit(net, data, options);
///     run->result("test error", error);
///
/// A run that was killed and goes on from its checkpoint is given the same folder, and goes on in
/// the same files.
template <class T>
class RunRecorder : public train::Callback<T> {
public:
    /// Throws as RunFolder's constructor does.
    explicit RunRecorder(const std::filesystem::path& folder, const RunOptions& options = {})
        : folder_(folder, options) {}

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }

    /// Before, during or after the run.
    void verdict(const Verdict& verdict) { folder_.verdict(verdict); }
    void result(const std::string& name, double value) { folder_.result(name, value); }

    void on_start(train::FitState<T>& state) override;
    void on_epoch(train::FitState<T>& state) override;
    void on_end(train::FitState<T>& state) override;

private:
    RunFolder folder_;
};

}  // namespace xgrad::report
