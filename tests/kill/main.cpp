// kill_resume: kills a training run at random moments, lets it go on, and compares what it ends
// with, and every checkpoint on the way, with an uninterrupted run, bit by bit. Of a run's
// first 18 starts every third goes on from the best checkpoint, all others from the newest.
//
// usage: kill_resume [--kills N] [--seed N]    12 kills and seed 1 when nothing is said
#include <autograd/parallel.hpp>
#include <tests/kill/faults.hpp>
#include <tests/kill/file_calls.hpp>
#include <tests/kill/option.hpp>
#include <tests/kill/training.hpp>
#include <tests/temp_folder.hpp>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <new>
#include <thread>

namespace {

namespace fs = std::filesystem;
using namespace xgrad;
using namespace xgrad::test;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using Listing = std::map<std::string, std::string>;  // the bytes by name

enum Stage { loading, training, opening, writing, syncing, renaming, renamed, removing, stages };
constexpr std::array stage_names = {
    "loading",
    "training",
    "making the file",
    "writing",
    "syncing",
    "before the rename",
    "after the rename",
    "removing old ones"};
static_assert(stage_names.size() == stages);

// What the child says, in memory that outlives it.
struct Shared {
    std::atomic<int> stage{loading};
    std::atomic<std::uint64_t> saved{0};  // the last step whose save() has returned
    std::atomic<std::uint64_t> loaded{~std::uint64_t{0}};
};

Listing listing_of(const fs::path& folder) {
    Listing files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return files;
}

void wait_for(double milliseconds) {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
}

// Small pieces, and a wait at each call, so that a kill finds the run in any of them.
CallHooks slow_calls(Shared& shared) {
    const auto dwell = [&shared](Stage stage, double milliseconds) {
        shared.stage = stage;
        wait_for(milliseconds);
    };
    return {
        .before =
            [dwell](Call call) {
                if (call == Call::open)
                    dwell(opening, 1);
                else if (call == Call::write)
                    dwell(writing, 0.2);
                else if (call == Call::sync_file)
                    dwell(syncing, 1);
                else if (call == Call::rename)
                    dwell(renaming, 2);
                else if (call == Call::remove)
                    dwell(removing, 2);
                return 0;
            },
        .after =
            [dwell](Call call) {
                if (call == Call::rename)
                    dwell(renamed, 2);
                else if (call == Call::open)
                    dwell(opening, 1);
            },
        .write_limit = 2048};
}

[[noreturn]] void run_child(const TrainingOptions& options, std::size_t threads, Shared& shared) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        set_num_threads(threads);
        TrainingHooks hooks{
            .loading =
                [&] {
                    shared.stage = loading;
                    wait_for(15);
                },
            .training =
                [&] {
                    shared.stage = training;
                    wait_for(1);
                },
            .saving = [&] { set_call_hooks(slow_calls(shared)); },
            .loaded = [&](std::uint64_t step) { shared.loaded = step; },
            .saved =
                [&](std::uint64_t step) {
                    clear_call_hooks();
                    shared.saved = step;
                }};
        run_training(options, hooks);
        ::_exit(0);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "the run throws: %s\n", error.what());
        ::_exit(1);
    }
}

// Starts the run in a process of its own and kills it after `seconds`; true when it had ended.
bool run_for(
    const TrainingOptions& options,
    std::size_t threads,
    Shared& shared,
    std::optional<double> seconds) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) {
        std::perror("fork");
        std::exit(1);
    }
    if (child == 0)
        run_child(options, threads, shared);
    if (seconds) {
        wait_for(*seconds * 1000);
        ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return false;
    if (status != 0) {
        fmt::print("the run ended with status {}\n", status);
        std::exit(1);
    }
    return true;
}

class Killer {
public:
    Killer(fs::path folder, std::uint64_t seed, Shared& shared)
        : folder_(std::move(folder)),
          rng_(seed),
          shared_(shared) {
        const auto begin = Clock::now();
        run_for({.folder = folder_ / "whole"}, 1, shared_, {});
        duration_ = Seconds(Clock::now() - begin).count();
        run_for({.folder = folder_ / "all", .keep = 1000}, 1, shared_, {});
        end_ = listing_of(folder_ / "whole");
        all_ = listing_of(folder_ / "all");
        fmt::print("an uninterrupted run takes {:.2f} s\n", duration_);
    }

    // One run, killed now and then until it ends or there have been `kills`.
    void run(std::size_t kills) {
        const fs::path folder = folder_ / fmt::format("run{}", runs_);
        TrainingOptions options{.folder = folder};
        const std::size_t threads = 1 + runs_++ % 2;
        std::uint64_t newest = 0;
        for (std::size_t starts = 1;; ++starts) {
            // Not for ever, or the run would not end.
            options.from_best = starts <= 18 && starts % 3 == 0 && fs::exists(folder);
            const std::uint64_t from = options.from_best ? best_of(folder) : newest;
            shared_.saved = from;
            const fs::file_time_type begin = fs::file_time_type::clock::now();
            const bool may_kill = kills_ < kills;
            const std::optional<double> seconds =
                may_kill ? std::optional(rng_.uniform(0, duration_ / 5)) : std::nullopt;
            shared_.stage = loading;
            shared_.loaded = ~std::uint64_t{0};
            const bool ended = run_for(options, threads, shared_, seconds);
            if (shared_.loaded != ~std::uint64_t{0} && shared_.loaded != from)
                fault(fmt::format("step {} was there, {} is loaded", from, shared_.loaded));
            if (ended)
                break;
            ++kills_;
            ++hits_[static_cast<std::size_t>(shared_.stage.load())];
            newest = check_killed(folder);
            if (options.from_best)
                check_left_behind(folder, from, begin);
            if (kills_ % 20 == 0)
                progress();
        }
        check_end(listing_of(folder));
        fs::remove_all(folder);
    }

    [[nodiscard]] std::size_t kills() const { return kills_; }
    [[nodiscard]] std::size_t faults() const { return faults_; }

    void report(double seconds) {
        for (std::size_t i = 0; i < stages; ++i) {
            fmt::print("  {:<18} {:>4} {}\n", stage_names[i], hits_[i], std::string(hits_[i], '*'));
            if (kills_ >= 150 && hits_[i] == 0)
                fault("no kill hit that");
        }
        fmt::print(
            "{} kills in {} runs, {} with a file half written; {} ends and {} checkpoints compared "
            "bit "
            "by bit: {} faults; {:.0f} s\n",
            kills_,
            runs_,
            half_,
            runs_,
            compared_,
            faults_,
            seconds);
    }

private:
    // Every checkpoint must be that of the uninterrupted run; returns the newest one's step.
    std::uint64_t check_killed(const fs::path& folder) {
        if (!fs::exists(folder))
            return 0;
        bool half = false;
        for (const auto& [name, bytes] : listing_of(folder)) {
            if (name.find(".safetensors.part") != std::string::npos) {
                half = true;
                continue;
            }
            ++compared_;
            if (!all_.contains(name) || all_.at(name) != bytes)
                fault(name + " differs from the uninterrupted run's");
        }
        half_ += half;
        const auto files = train::CheckpointFolder(folder).files();
        const std::uint64_t newest = files.empty() ? 0 : files.back().step;
        if (newest < shared_.saved)
            fault(fmt::format("step {} was saved, {} is there", shared_.saved.load(), newest));
        return newest;
    }
    static std::uint64_t best_of(const fs::path& folder) {
        const auto files = train::CheckpointFolder(folder).files();
        const auto best = std::ranges::min_element(
            files, {}, [](const auto& file) { return file.error.value(); });
        return best == files.end() ? 0 : best->step;
    }
    // Where a run from step `from` has saved anything, nothing newer of before `begin` may be left.
    void check_left_behind(const fs::path& folder, std::uint64_t from, fs::file_time_type begin) {
        bool has_new = false;
        std::string left;
        for (const auto& file : train::CheckpointFolder(folder).files()) {
            const bool is_new = fs::last_write_time(file.path) >= begin;
            has_new = has_new || is_new;
            if (!is_new && file.step > from)
                left = file.path.filename().string();
        }
        if (has_new && !left.empty())
            fault(left + " was left behind and is there");
    }
    void check_end(const Listing& now) {
        for (const auto& [name, bytes] : now) {
            if (!end_.contains(name))
                fault(name + " is left at the end");
            else if (end_.at(name) != bytes)
                fault(name + " differs at the end");
        }
        if (now.size() < end_.size())
            fault(fmt::format("{} files are left at the end; need {}", now.size(), end_.size()));
    }
    void fault(const std::string& text) {
        ++faults_;
        fmt::print("  fault: {}\n", text);
    }
    void progress() const {
        fmt::print("{} kills, {} runs, {} faults\n", kills_, runs_, faults_);
        std::fflush(stdout);
    }

    fs::path folder_;
    Rng rng_;
    Shared& shared_;
    double duration_ = 0;
    Listing end_, all_;
    std::array<std::size_t, stages> hits_{};
    std::size_t kills_ = 0, runs_ = 0, faults_ = 0, half_ = 0, compared_ = 0;
};

// Calls that fail, in a process of its own: forking wants a parent that has not computed.
bool faults_pass(const fs::path& folder) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int failed = check_faults(folder);
        std::fflush(nullptr);
        ::_exit(failed == 0 ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    return status == 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t kills = option(argc, argv, "--kills", 12);
    const test::TempFolder folder;
    void* memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("mmap");
        return 1;
    }
    fmt::print("calls that fail\n");
    const bool safe = faults_pass(folder / "faults");
    const auto begin = Clock::now();
    Killer killer(folder.path(), option(argc, argv, "--seed", 1), *new (memory) Shared);
    while (killer.kills() < kills)
        killer.run(kills);
    killer.report(Seconds(Clock::now() - begin).count());
    return safe && killer.faults() == 0 ? 0 : 1;
}
