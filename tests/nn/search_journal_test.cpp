#include <autograd/error.hpp>
#include <nn/rng.hpp>
#include <nn/search.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <thread>

using xgrad::IoError;
using xgrad::Rng;
using xgrad::test::TempFolder;
using xgrad::test::text_of_error;
using namespace xgrad::search;

namespace fs = std::filesystem;

namespace {

Space space() { return Space().log_uniform("lambda", 1e-6, 1e-1).integer("units", 8, 64); }

/// Nine epochs of about `milliseconds` each; some trials fail.
TrialFunction work(double milliseconds, std::atomic<int>* calls = nullptr) {
    return [=](const Trial& trial) {
        if (calls)
            ++*calls;
        if (trial.number() % 7 == 4)
            throw std::runtime_error("trial of the fourth kind");
        double error = 0;
        Rng rng(trial.seed());
        for (std::size_t epoch = 1; epoch <= 9; ++epoch) {
            std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
            error = std::abs(std::log10(trial.value("lambda")) + 3) + rng.uniform() +
                    1 / static_cast<double>(epoch);
            trial.report(epoch, error);
        }
        return error;
    };
}

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

Options with(const fs::path& journal, std::size_t trials = 6) {
    return {.trials = trials, .seed = 5, .journal = journal};
}

std::string says(const Options& options) {
    return text_of_error<IoError>([&] { static_cast<void>(search(space(), work(0), options)); });
}

/// Runs the search in a process of its own, killed after `milliseconds`; true when it had ended.
bool ends_within(const Options& options, double milliseconds, double epoch) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        try {
            static_cast<void>(search(space(), work(epoch), options));
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    return !WIFSIGNALED(status);
}

}  // namespace

TEST_CASE("a search that is killed and goes on has the table of one that is not") {
    const TempFolder folder;
    Rng rng(11);
    std::size_t all_kills = 0;
    std::size_t all_resumed = 0;
    for (const bool halves : {false, true}) {
        Options options{.trials = 24, .seed = 5};
        if (halves)
            options.halving = Halving{.min_epochs = 1, .factor = 2};
        const std::string whole = search(space(), work(0), options).csv();
        options.journal = folder / (halves ? "halving.jsonl" : "plain.jsonl");
        for (std::size_t start = 0; start < 12; ++start) {
            options.parallel = 1 + start % 2;
            if (ends_within(options, rng.uniform(5, 60), halves ? 3 : 1))
                break;
            ++all_kills;
        }
        const auto resumed = search(space(), work(0), options);
        CHECK(resumed.csv() == whole);
        all_resumed += resumed.resumed;
    }
    CHECK(all_kills > 0);
    CHECK(all_resumed > 0);
}

TEST_CASE("finished trials are not run again, and more can be added") {
    const TempFolder folder;
    std::atomic<int> calls = 0;
    Options options = with(folder / "j");
    const auto first = search(space(), work(0, &calls), options);
    CHECK(calls == 6);
    CHECK(first.resumed == 0);
    const auto again = search(space(), work(0, &calls), options);
    CHECK(calls == 6);
    CHECK(again.resumed == 6);
    CHECK(again.csv() == first.csv());
    CHECK(again.text() == first.text());
    options.trials = 9;
    const auto more = search(space(), work(0, &calls), options);
    CHECK(calls == 9);
    CHECK(more.csv().starts_with(first.csv()));
    options.trials = 6;
    CHECK(search(space(), work(0, &calls), options).csv() == first.csv());
    CHECK(calls == 9);
}

TEST_CASE("a journal cut anywhere goes on to the same table") {
    const TempFolder folder;
    const auto options = with(folder / "j", 3);
    const std::string table = search(space(), work(0), options).csv();
    const std::string whole = read(options.journal);
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += 41) {
        write(options.journal, whole.substr(0, bytes));
        CHECK(search(space(), work(0), options).csv() == table);
        const std::string now = read(options.journal);
        CHECK(std::count(now.begin(), now.end(), '\n') == 4);
    }
}

TEST_CASE("a journal of another search, or of none, is refused and left as it is") {
    const TempFolder folder;
    const fs::path path = folder / "j";
    static_cast<void>(search(space(), work(0), with(path)));
    const std::string whole = read(path);
    const std::string start = fmt::format("search: \"{}\": ", path.string());
    const std::string need = "; need the same search, or another journal";
    Options options = with(path);
    options.seed = 6;
    CHECK(says(options) == start + "seed was \"5\", and is \"6\"" + need);
    options = with(path);
    options.halving = Halving{};
    CHECK(
        says(options) == start + "rule was \"none\", and is \"halving by 3 from epoch 1\"" + need);
    options = with(path);
    options.grid = 4;
    CHECK(says(options) == start + "grid was \"0\", and is \"4\"" + need);
    CHECK(read(path) == whole);
    const std::string no_journal =
        "not a journal; need a journal of a search, or a path with no file";
    for (const char* other :
         {"my notes", "my notes\n", "{}\n", "[1]\n", "{\"xgrad_search\":1,\"settings\":3}\n"}) {
        write(path, other);
        CHECK(says(with(path)) == start + no_journal);
        CHECK(read(path) == other);
    }
    const std::string header = whole.substr(0, whole.find('\n') + 1);
    const std::string trial =
        whole.substr(header.size(), whole.find('\n', header.size()) + 1 - header.size());
    write(path, header + "{\"trial\": 1}\n");
    CHECK(says(with(path)) == start + "line 2 is not a trial; need an undamaged journal");
    write(path, header + trial + trial);
    CHECK(says(with(path)) == start + "line 3 is trial 0 again; need each once");
    write(path, "{\"xgrad_search\":2,\"settings\":{}}\n");
    CHECK(says(with(path)) == start + "version 2; need version 1");
}

TEST_CASE("a journal that cannot be written, or is in use, is refused") {
    const TempFolder folder;
    CHECK(
        says(with(folder / "no/j")) ==
        fmt::format(
            "search: \"{}\": No such file or directory; need a path that can be written to",
            (folder / "no/j").string()));
    CHECK(
        says(with("/dev/null")) ==
        "search: \"/dev/null\": not a regular file; need a journal's path");
    Options options = with(folder / "j", 1);
    const fs::path path = options.journal;
    options.on_trial = [&](const TrialResult&) {
        CHECK(
            says(with(path)) ==
            fmt::format(
                "search: \"{}\": in use by another search; need a journal of its own for each",
                path.string()));
    };
    static_cast<void>(search(space(), work(0), options));
}
