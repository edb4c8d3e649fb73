// Comparing with the peer: its programs and ours in turn, each run a fresh process.
#pragma once

#include <tools/bench.hpp>

#include <cstdio>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::bench {

enum class Clock { choose, wall, cpu };

struct Comparison {
    std::string peers;   ///< the folder whose torch/ holds the peer's programs
    std::string self;    ///< this program
    std::string build;   ///< where the peer's programs are built
    std::string filter;  ///< only the cases whose name contains this
    std::string data;    ///< the folder of W10's files
    std::string python;  ///< one that has PyTorch; empty: the first that does
    double budget = 0.1;
    std::size_t rounds = 0;  ///< 0: the workload's default
    std::size_t threads = 1;
    Clock clock = Clock::choose;
    bool details = false;
    std::string plot;  ///< the SVG file to draw; empty: none
    std::FILE* table = stdout;
};

/// The rounds of one side: the measures by name, for each round.
using Side = std::vector<std::map<std::string, Measure>>;

/// What the rounds of a workload gave. A peer that was not run is empty.
struct Rounds {
    const Workload* workload;
    Side ours, stock, tuned;
    std::string failure;  ///< of our program
};

/// Where the machine has it, unless XGRAD_ISA=avx2 makes it one without, for both sides and their
/// libraries.
[[nodiscard]] bool peer_may_use_avx512();

/// Builds the programs of these workloads. Throws std::runtime_error that names what is missing.
void build_peers(const Comparison& comparison, const std::vector<const Workload*>& workloads);

/// The Python for the peer's scripts: c.python, or where that is empty the first on the path or in
/// /usr/bin; empty when it has no PyTorch.
[[nodiscard]] std::string find_pytorch(const Comparison& comparison);

/// Runs them. Throws std::runtime_error when a program of the peer's fails.
[[nodiscard]] Rounds run_rounds(const Comparison& comparison, const Workload& workload);

/// A value for each round of these measures, or of their extra figure `field` where it has a name;
/// nothing when one was not measured.
[[nodiscard]] std::optional<std::vector<double>> values(
    const Side& side, const std::vector<std::string>& parts, const std::string& field, bool cpu);

struct Quartiles {
    double low, median, high;
};
[[nodiscard]] Quartiles quartiles(std::vector<double> values);

/// The figures of a row and what they say about its goal.
struct Line {
    const Row* row;
    std::string unit;
    double ours = 0;
    std::optional<double> stock, tuned, floor;
    std::optional<Quartiles> ratio;  ///< ours by the faster one's or the floor's, round by round
    bool missed = false;
};

/// The lines of all rows that were measured.
[[nodiscard]] std::vector<Line> judge(const Rounds& rounds, bool cpu);

/// Which of the workload's `same` figures differ between the sides; empty when none does.
[[nodiscard]] std::string differing_results(const Rounds& rounds);

/// Runs the comparison and prints it, and its lines as JSON to `json`. True when every goal was
/// reached.
bool compare(
    Comparison comparison, const std::vector<const Workload*>& workloads, std::ostream& json);

}  // namespace xgrad::bench
