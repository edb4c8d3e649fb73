// The benchmark: what a workload is, how its figures are taken and what is asked of them.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace xgrad::bench {

/// A stretch of time in ns: on the wall, and of this process on the processors. On a machine with
/// other work the second leaves out the wait for a core.
struct Lap {
    double wall = 0, cpu = 0;

    Lap& operator+=(const Lap& other);
    friend Lap operator-(const Lap& a, const Lap& b) { return {a.wall - b.wall, a.cpu - b.cpu}; }
};

/// The clocks now.
[[nodiscard]] Lap now();

/// Times in one unit, over the samples of one case.
struct Stats {
    double median = 0, min = 0, p90 = 0, cpu_median = 0, cpu_min = 0;
    std::size_t samples = 0;
};

/// Times a repeated piece of work that has parts:
///
///     Phases phases(2, {.budget = run.budget});
///     while (phases.next()) {
///         phases.start();
///         first();
///         phases.end(0);
///         second();
///         phases.end(1);
///     }
///
/// A sample adds up as many rounds of the loop as make each part last 50 us, so that the clocks,
/// read in every round, count for little. The rounds before the first sample are forgotten.
class Phases {
public:
    struct Options {
        double budget = 1;  ///< seconds
        std::size_t warmup = 5;
        std::size_t min_samples = 11;
        std::size_t max_samples = 3000;
    };
    Phases(std::size_t count, const Options& options);

    /// Every loop from now on takes that many rounds, whatever its options: for those who count
    /// instructions.
    static void take_exactly(std::size_t rounds);

    [[nodiscard]] bool next();
    void start() { last_ = now(); }
    void end(std::size_t phase);

    /// The parts [begin, end) together, times in units of `unit` ns.
    [[nodiscard]] Stats stats(std::size_t begin, std::size_t end, double unit) const;

private:
    void begin_samples();

    Options options_;
    Lap last_{}, started_ = now();
    std::size_t rounds_ = 0;
    std::size_t group_ = 1;  // rounds in a sample
    std::vector<Lap> sums_;
    std::vector<std::vector<Lap>> samples_;  // by sample, then part
};

/// Times a piece of work without parts, in units of `unit` ns.
template <class Work>
[[nodiscard]] Stats time_of(const Phases::Options& options, double unit, Work work) {
    Phases phases(1, options);
    while (phases.next()) {
        phases.start();
        work();
        phases.end(0);
    }
    return phases.stats(0, 1, unit);
}

/// One case of a workload, measured.
struct Measure {
    std::string workload, name, unit;
    Stats stats;
    std::map<std::string, double> extra{};  ///< further figures by name
    std::string blas{};                     ///< whose products, see blas_name()
};

/// How to run a workload.
struct Run {
    double budget = 1;   ///< seconds of sampling for each case, about
    std::string filter;  ///< only the cases whose name contains this
    std::string data;    ///< the folder of W10's files
    std::function<void(Measure)> report;

    [[nodiscard]] bool wants(const std::string& name) const {
        return name.find(filter) != std::string::npos;
    }
};

/// A line of the table of a comparison.
struct Row {
    enum class Goal { none, ratio, value };

    std::string label;
    std::vector<std::string> parts;  ///< the measures it adds up
    std::string field{};             ///< of their extra figures; empty: the time
    std::string unit{};              ///< of that figure
    Goal kind = Goal::none;
    double goal = 0;                   ///< at most this: ours / peer's, or ours
    bool detail = false;               ///< printed on request
    bool alone = false;                ///< the peer has no such figure
    std::vector<std::string> other{};  ///< the peer's measures, where they have another name
    std::vector<std::string> floor{};  ///< measures of ours that take the peer's place
};

struct Workload {
    std::string name, about;
    std::vector<std::string> cases;
    void (*run)(const Run& run);
    std::vector<Row> rows;

    std::string program;              ///< the peer's; empty: it has none and is not compared
    std::string script{};             ///< the peer's in Python, run after the program; may be empty
    std::size_t rounds = 5;           ///< of a comparison, by default
    bool tuned = true;                ///< tuning makes a difference to the peer
    std::vector<std::string> same{};  ///< extra figures that have to be equal on both sides
};

[[nodiscard]] Workload tape_overhead();     ///< W1
[[nodiscard]] Workload elementwise_ops();   ///< W2
[[nodiscard]] Workload dense_step();        ///< W3
[[nodiscard]] Workload small_network();     ///< W4
[[nodiscard]] Workload matrix_product();    ///< W5
[[nodiscard]] Workload row_kernels();       ///< W6
[[nodiscard]] Workload deep_graph();        ///< W7
[[nodiscard]] Workload second_order();      ///< W8
[[nodiscard]] Workload gradient_check();    ///< W9
[[nodiscard]] Workload gaussian_mixture();  ///< W10
[[nodiscard]] Workload image_layers();      ///< W11
[[nodiscard]] Workload data_loader();       ///< W12
[[nodiscard]] Workload derivatives();       ///< W13
[[nodiscard]] Workload recurrent_layers();  ///< W14
[[nodiscard]] Workload arranging_ops();     ///< W15

[[nodiscard]] const std::vector<Workload>& workloads();
/// nullptr when there is none.
[[nodiscard]] const Workload* find_workload(const std::string& name);

/// Kibibytes of memory of this process: the most it ever had.
[[nodiscard]] double peak_rss_kib();

}  // namespace xgrad::bench
