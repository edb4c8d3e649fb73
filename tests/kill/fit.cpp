// kill_fit: runs of fit() in processes of their own that are killed at random moments and started
// again, until they end: their weights must be those of a run that nobody disturbs, bit by bit, and
// so must those of Ctrl-C, at once or once more. A second Ctrl-C must end the process.
//
// usage: kill_fit [--kills N] [--seed N]    12 kills and seed 1 when nothing is said
#include <autograd/parallel.hpp>
#include <nn/fit.hpp>
#include <nn/nn.hpp>
#include <nn/serialize.hpp>
#include <tests/kill/option.hpp>
#include <tests/nn/fit_data.hpp>
#include <tests/temp_folder.hpp>

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace {

namespace fs = std::filesystem;
using namespace xgrad;

void wait_for(double milliseconds) {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
}

// Steps that take their time, so that a kill finds the run in them.
class Slow : public train::Callback<float> {
public:
    explicit Slow(int interrupts) : interrupts_(interrupts) {}
    void on_step(train::FitState<float>& state) override {
        wait_for(1);
        for (; interrupts_ > 0 && state.step >= 10; --interrupts_)
            ::raise(SIGINT);
    }

private:
    int interrupts_;
};

struct Settings {
    fs::path folder;  // of the checkpoints; the weights go beside it
    std::size_t threads = 1;
    int interrupts = 0;  // so many SIGINTs
    unsigned wait = 0;   // milliseconds until the kill, 0: none
};

void train_and_save(const Settings& settings) {
    set_num_threads(settings.threads);
    auto net = test::noisy_net<float>(1);
    train::fit(
        net,
        {test::clouds<float>(60, 1), test::clouds<float>(30, 2)},
        {.epochs = 6,
         .batch_size = 7,
         .lr = 0.01,
         .schedule = [](std::uint64_t steps) { return optim::schedule::cosine(steps, 0.1); },
         .early_stopping = train::EarlyStoppingOptions{.patience = 20},
         .callbacks = {std::make_shared<Slow>(settings.interrupts)},
         .checkpoint = settings.folder});
    nn::save(settings.folder.string() + ".weights", net.state_dict());
}

// The status of the process that trains. This one never computes, so that it may fork.
int run(const Settings& settings) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) {
        std::perror("fork");
        std::exit(1);
    }
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        try {
            train_and_save(settings);
            ::_exit(0);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "the run throws: %s\n", error.what());
            ::_exit(1);
        }
    }
    if (settings.wait > 0) {
        wait_for(settings.wait);
        ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

std::string bytes_of(const fs::path& folder) {
    std::ifstream file(folder.string() + ".weights", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Test {
public:
    explicit Test(fs::path folder) : folder_(std::move(folder)) {
        need(run({.folder = folder_ / "whole"}) == 0, "the undisturbed run ends");
        whole_ = bytes_of(folder_ / "whole");
        need(!whole_.empty(), "the undisturbed run saves its weights");
    }

    void killed(std::size_t kills, std::uint64_t seed) {
        Rng rng(seed);
        std::size_t done = 0;
        for (int runs = 0; done < kills; ++runs) {
            Settings settings{
                .folder = folder_ / fmt::format("killed{}", runs),
                .threads = static_cast<std::size_t>(1 + runs % 2)};
            while (true) {
                settings.wait = done < kills ? static_cast<unsigned>(5 + rng.below(60)) : 0;
                const int status = run(settings);
                if (status == 0)
                    break;
                need(
                    WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
                    fmt::format("a run ends or is killed (status {})", status));
                ++done;
            }
            need(bytes_of(settings.folder) == whole_, fmt::format("run {} has the weights", runs));
        }
        fmt::print("{} kills\n", done);
    }

    void interrupted() {
        Settings settings{.folder = folder_ / "interrupted", .interrupts = 1};
        need(run(settings) == 0, "one Ctrl-C ends the run cleanly");
        need(bytes_of(settings.folder) != whole_, "one Ctrl-C ends the run early");
        settings.interrupts = 0;
        need(run(settings) == 0, "the run goes on");
        need(bytes_of(settings.folder) == whole_, "it ends with the weights");
        const int status = run({.folder = folder_ / "twice", .interrupts = 2});
        need(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "a second Ctrl-C ends the process");
    }

    [[nodiscard]] std::size_t faults() const { return faults_; }

private:
    void need(bool holds, const std::string& what) {
        if (holds)
            return;
        ++faults_;
        fmt::print("fault: it is not so that {}\n", what);
    }

    fs::path folder_;
    std::string whole_;
    std::size_t faults_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const test::TempFolder folder;
    Test test(folder.path());
    test.killed(option(argc, argv, "--kills", 12), option(argc, argv, "--seed", 1));
    test.interrupted();
    fmt::print("{} faults\n", test.faults());
    return test.faults() == 0 ? 0 : 1;
}
