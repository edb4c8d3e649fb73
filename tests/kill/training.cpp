#include <tests/kill/training.hpp>

namespace xgrad::test {

void run_training(const TrainingOptions& options, const TrainingHooks& hooks) {
    Run<float> run(
        {.seed = 3, .width = 16, .rows = 44, .batch_size = 5},
        maker_of<optim::Adam, float>(optim::AdamOptions{.weight_decay = 0.01}),
        optim::schedule::warm_up(5, optim::schedule::cosine(options.steps)));
    std::uint64_t step = 0;
    run.checkpoint.track("step", step);
    train::CheckpointFolder folder(options.folder, {.keep = options.keep});
    hooks.loading();
    options.from_best ? folder.load_best(run.checkpoint) : folder.load_latest(run.checkpoint);
    hooks.loaded(step);
    while (step < options.steps) {
        hooks.training();
        run.train(1);
        ++step;
        if (step % options.period == 0) {
            hooks.saving();
            folder.save(run.checkpoint, step, run.last_loss);
            hooks.saved(step);
        }
    }
    // A run that was killed between its last save and the tidying after it tidies up now.
    folder.save(run.checkpoint, step, run.last_loss);
}

}  // namespace xgrad::test
