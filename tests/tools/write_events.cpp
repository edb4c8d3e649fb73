// Writes what check_tensorboard.py reads with TensorBoard: write_events FOLDER.
#include <tests/tools/run_support.hpp>
#include <tools/tensorboard.hpp>

#include <iostream>
#include <limits>
#include <vector>

using namespace xgrad;

namespace {

void write_plain(const std::filesystem::path& folder) {
    report::EventWriter events(folder);
    for (std::uint64_t step = 1; step <= 300; ++step)
        events.scalar("loss", step, 1.0 / static_cast<double>(step));
    events.scalar("größe/nan", 1, std::numeric_limits<double>::quiet_NaN());
    events.scalar("größe/nan", 2, std::numeric_limits<double>::infinity());
    events.scalar("late", std::uint64_t{1} << 40, 1);
    std::vector<double> weights = {std::numeric_limits<double>::quiet_NaN()};
    for (int i = -500; i <= 500; ++i)
        weights.push_back(i / 500.0);
    events.histogram("weights", 1, std::span<const double>(weights));
    const std::vector<float> flat(4, 0.5F);
    events.histogram("flat", 1, std::span<const float>(flat));
    events.histogram("none", 1, std::span<const float>());
    events.image("picture", 1, {2, 3, {0, 50, 100, 150, 200, 255}, ""});
}

// A second file, of a run: TensorBoard puts both together.
void write_run(const std::filesystem::path& folder) {
    test::FakeRun run;
    report::EventLog<float> log(folder, {.scalars_every = 1, .histograms_every = 2});
    for (std::uint64_t step = 1; step <= 2; ++step) {
        run.state.step = step;
        const Variable<float> loss =
            cross_entropy(run.net(Variable<float>(run.train.x())), run.train.y());
        loss.backward();
        log.on_gradient(run.state);
        run.adam.step();
        log.on_step(run.state);
    }
    run.epoch(log, 0.5, 0.25);
    log.events().scalar("again", 1, 1);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_events FOLDER\n";
        return 2;
    }
    try {
        write_plain(argv[1]);
        write_run(argv[1]);
    } catch (const std::exception& error) {
        std::cerr << "write_events: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
