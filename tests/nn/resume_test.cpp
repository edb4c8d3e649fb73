// A run that is saved, built again and loaded goes on bit for bit.
#include <autograd/parallel.hpp>
#include <tests/nn/resume_run.hpp>
#include <tests/support.hpp>

#include <fstream>
#include <iterator>

using namespace xgrad;
using namespace xgrad::test;

namespace {

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Six steps, and three with a file and three more: the same weights, and where `all` is asked for
// the same of everything else.
template <class T>
void check_resume(
    const RunOptions& options,
    const MakeOptimizer<T>& make,
    const optim::Schedule& schedule,
    bool all) {
    const TempFolder folder;
    Run<T> whole(options, make, schedule);
    whole.train(6);
    {
        Run<T> first(options, make, schedule);
        first.train(3);
        first.checkpoint.save(folder / "half");
    }
    RunOptions other = options;
    other.seed += 1;
    Run<T> second(other, make, schedule);
    second.train(1);  // what it had is overwritten
    second.checkpoint.load(folder / "half");
    second.train(3);
    CHECK(same_bits(second.net.state_dict(), whole.net.state_dict()));
    CHECK(second.optimizer->lr() == whole.optimizer->lr());
    CHECK(same_bits(second.optimizer->state_dict().arrays, whole.optimizer->state_dict().arrays));
    if (!all)
        return;
    second.checkpoint.save(folder / "resumed");
    whole.checkpoint.save(folder / "whole");
    CHECK(bytes_of(folder / "resumed") == bytes_of(folder / "whole"));
}

struct Threads {
    explicit Threads(std::size_t n) { set_num_threads(n); }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    ~Threads() { set_num_threads(1); }
};

}  // namespace

TEST_CASE_TEMPLATE("every optimiser resumes on every schedule", T, float, double) {
    for (const auto& [optimizer, make] : all_optimizers<T>()) {
        for (const auto& [name, schedule] : all_schedules()) {
            const std::string row = optimizer + " on " + name;  // clang 14 captures no binding
            INFO(row);
            check_resume<T>({}, make, schedule, name == "cosine");
        }
    }
}

TEST_CASE_TEMPLATE(
    "every optimiser resumes with two threads, to the bits of one", T, float, double) {
    const RunOptions wide{.width = 192, .rows = 320, .batch_size = 64};
    const optim::Schedule schedule = optim::schedule::cosine(7);
    for (const auto& [optimizer, make] : all_optimizers<T>()) {
        const std::string row = optimizer;
        INFO(row);
        Run<T> one(wide, make, schedule);
        one.train(6);
        const Threads threads(2);
        check_resume<T>(wide, make, schedule, true);
        Run<T> two(wide, make, schedule);
        two.train(6);
        CHECK(same_bits(two.net.state_dict(), one.net.state_dict()));
    }
}

TEST_CASE_TEMPLATE("a run resumes after any number of steps", T, float, double) {
    const MakeOptimizer<T> make = all_optimizers<T>().at(6).second;
    const optim::Schedule schedule = optim::schedule::exponential(0.9);
    const TempFolder folder;
    Run<T> whole({}, make, schedule);
    Run<T> first({}, make, schedule);
    whole.train(11);
    for (int steps = 0; steps < 11; ++steps) {
        INFO(steps);
        first.checkpoint.save(folder / "file");
        Run<T> second({.seed = 9}, make, schedule);
        second.checkpoint.load(folder / "file");
        second.train(static_cast<std::size_t>(11 - steps));
        CHECK(same_bits(second.net.state_dict(), whole.net.state_dict()));
        CHECK(same_bits(second.ema.state_dict().arrays, whole.ema.state_dict().arrays));
        CHECK(second.rng.state() == whole.rng.state());
        CHECK(second.stopping.best_error() == whole.stopping.best_error());
        CHECK(second.history.size() == whole.history.size());
        first.train(1);
    }
}

TEST_CASE_TEMPLATE("LBFGS resumes", T, float, double) {
    const TempFolder folder;
    const data::Dataset<T> set = resume_data<T>(30, 6);
    struct Fit {
        Rng rng;
        nn::Sequential<T> net;
        optim::LBFGS<T> lbfgs;
        train::Checkpoint<T> checkpoint;

        explicit Fit(std::uint64_t seed)
            : rng(seed),
              net(nn::Dense<T>(6, 5, rng), nn::Tanh<T>(), nn::Dense<T>(5, 3, rng)),
              lbfgs(net.parameters(), {.max_iterations = 3, .history = 4}) {
            checkpoint.track("model", net).track("lbfgs", lbfgs);
        }
        void train(const data::Dataset<T>& on, int steps) {
            for (int i = 0; i < steps; ++i)
                lbfgs.step([&] { return cross_entropy(net(Variable<T>(on.x())), on.y()); });
        }
    };
    Fit whole(1), first(1), second(2);
    whole.train(set, 6);
    first.train(set, 3);
    first.checkpoint.save(folder / "file");
    second.train(set, 1);
    second.checkpoint.load(folder / "file");
    second.train(set, 3);
    CHECK(same_bits(second.net.state_dict(), whole.net.state_dict()));
}
