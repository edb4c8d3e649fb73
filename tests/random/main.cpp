// random_programs: makes random programs of the library's operations and checks each one;
// `random_programs --help` says more.
#include <tests/random/generate.hpp>
#include <tests/random/operations.hpp>
#include <tests/random/print.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <rapidcheck/Random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace xgrad::test;
using Shrinkable = rc::Shrinkable<Program>;

struct Settings {
    std::size_t count = 2000;
    std::uint64_t seed = 1;
    std::size_t first = 0;
    std::size_t jobs = 1;
    std::string plant;
    bool print = false;
    const Operation* planted = nullptr;
};

// Sums over the programs of one process.
struct Tally {
    std::size_t programs = 0;
    std::size_t operations = 0;
    std::size_t judged = 0;
    std::size_t undecided = 0;
    std::size_t failures = 0;

    Tally& operator+=(const Tally& other) {
        programs += other.programs;
        operations += other.operations;
        judged += other.judged;
        undecided += other.undecided;
        failures += other.failures;
        return *this;
    }
};

// The costliest check is made for one program in four.
bool is_deep(std::size_t index) { return index % 4 == 0; }

Shrinkable program_at(const Settings& settings, std::size_t index) {
    const rc::Random random(settings.seed * 0x9E3779B97F4A7C15u + index);
    return programs(settings.planted)(random, 0);
}

struct Failing {
    Program program;
    Failure failure;
};

// Takes the first shrink that fails in the same way, again and again.
Failing smallest(Shrinkable shrinkable, Failure failure, bool deep) {
    bool found = true;
    while (found) {
        found = false;
        rc::Seq<Shrinkable> shrinks = shrinkable.shrinks();
        for (auto next = shrinks.next(); next && !found; next = found ? next : shrinks.next()) {
            const auto outcome = check(next->value(), deep);
            if (outcome.failure && outcome.failure->fault == failure.fault) {
                failure = *outcome.failure;
                shrinkable = *next;
                found = true;
            }
        }
    }
    return {shrinkable.value(), failure};
}

void report(
    const Settings& settings, std::size_t index, const Shrinkable& program, Failure failure) {
    const std::string again = fmt::format(
        "random_programs --seed {} --first {} --count 1{}",
        settings.seed,
        index,
        settings.plant.empty() ? "" : " --plant " + settings.plant);
    fmt::print(stderr, "program {}: {}; shrinking\n", index, name(failure.fault));
    const Failing small = smallest(program, std::move(failure), is_deep(index));
    fmt::print(
        "FAILED: {}, {} operations\n{}",
        name(small.failure.fault),
        small.program.operations(),
        cpp_source(small.program, small.failure, "Repeat with: " + again));
    std::fflush(stdout);
}

// Every jobs-th program, beginning with number `job`; stops after the third failure.
Tally run_share(const Settings& settings, std::size_t job) {
    Tally tally;
    for (std::size_t i = job; i < settings.count && tally.failures < 3; i += settings.jobs) {
        const std::size_t index = settings.first + i;
        const Shrinkable program = program_at(settings, index);
        const Program value = program.value();
        const Outcome outcome = check(value, is_deep(index));
        ++tally.programs;
        tally.operations += value.operations();
        tally.judged += outcome.judged;
        tally.undecided += outcome.undecided;
        if (outcome.failure) {
            ++tally.failures;
            report(settings, index, program, *outcome.failure);
        }
    }
    return tally;
}

// Runs one share in a process of its own, which writes its tally to the pipe.
int start(const Settings& settings, std::size_t job) {
    int ends[2];
    if (pipe(ends) != 0)
        throw std::runtime_error("random_programs: pipe failed");
    const pid_t child = fork();
    if (child < 0)
        throw std::runtime_error("random_programs: fork failed");
    if (child == 0) {
        const Tally tally = run_share(settings, job);
        const bool written = write(ends[1], &tally, sizeof tally) == sizeof tally;
        std::fflush(nullptr);
        _exit(written ? 0 : 1);
    }
    close(ends[1]);
    return ends[0];
}

Tally run_all(const Settings& settings) {
    if (settings.jobs == 1)
        return run_share(settings, 0);
    std::vector<int> pipes;
    for (std::size_t job = 0; job < settings.jobs; ++job)
        pipes.push_back(start(settings, job));
    Tally total;
    for (const int end : pipes) {
        Tally tally;
        // A process that died has failed.
        if (read(end, &tally, sizeof tally) != sizeof tally)
            tally = {.failures = 1};
        close(end);
        total += tally;
    }
    while (wait(nullptr) > 0) {}
    return total;
}

void add_options(CLI::App& app, Settings& settings) {
    app.option_defaults()->always_capture_default();
    app.add_option("--count", settings.count, "programs")->check(CLI::PositiveNumber);
    app.add_option("--seed", settings.seed, "the same seed gives the same programs");
    app.add_option("--first", settings.first, "number of the first program");
    app.add_option("--jobs", settings.jobs, "processes")->check(CLI::Range(1, 64));
    app.add_option("--plant", settings.plant, "put an operation among the others that is wrong")
        ->group("");
    app.add_flag("--print", settings.print, "print the first program instead")->group("");
    app.footer("Exit code: 0 all passed, 1 a failure, 2 bad use.");
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("Makes random programs and checks values, gradients and memory of each one.");
    add_options(app, settings);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    for (const Operation& op : planted_operations()) {
        if (op.name == settings.plant)
            settings.planted = &op;
    }
    if (!settings.plant.empty() && !settings.planted) {
        fmt::print(stderr, "random_programs: nothing to plant is named {}\n", settings.plant);
        return 2;
    }
    if (settings.print) {
        const Shrinkable program = program_at(settings, settings.first);
        fmt::print("{}", cpp_source(program.value(), {.fault = Fault::unrecorded}, "A program"));
        return 0;
    }
    const auto start = std::chrono::steady_clock::now();
    const Tally tally = run_all(settings);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    fmt::print(
        "{} programs of {} operations, {} comparisons, {} undecided, {} failures, {:.1f} s\n",
        tally.programs,
        tally.operations,
        tally.judged,
        tally.undecided,
        tally.failures,
        seconds.count());
    return tally.failures == 0 && tally.programs > 0 ? 0 : 1;
}
