// The run that is killed: a small network with all that has a state, saved every few steps.
#pragma once

#include <nn/checkpoint_folder.hpp>
#include <tests/nn/resume_run.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>

namespace xgrad::test {

struct TrainingOptions {
    std::filesystem::path folder;
    std::size_t keep = 3;
    std::uint64_t steps = 90;
    std::uint64_t period = 3;  ///< steps from one checkpoint to the next
    bool from_best = false;    ///< goes on from the checkpoint of the lowest loss
};

/// What is called at each point of the run.
struct TrainingHooks {
    std::function<void()> loading, training, saving;
    std::function<void(std::uint64_t step)> loaded, saved;
};

/// Goes on from the newest checkpoint of the folder or its best one, or begins, and trains to the
/// end.
void run_training(const TrainingOptions& options, const TrainingHooks& hooks);

}  // namespace xgrad::test
