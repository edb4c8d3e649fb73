// W7: a chain of 1,000,000 adds on a scalar: built, differentiated and freed, on the default stack.
//   const  only the start of the chain asks for a gradient
//   leaf   the addend does, too
#include <ops/operators.hpp>
#include <tools/bench.hpp>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace xgrad::bench {

namespace {

constexpr std::size_t ops = 1'000'000;

std::string case_name(bool leaf) { return fmt::format("{}_{}", leaf ? "leaf" : "const", ops); }

struct Chain {
    Variable<float> x{Array<float>(Shape{}, 0), true};
    Variable<float> step;
    Variable<float> end;

    explicit Chain(bool leaf) : step(Array<float>(Shape{}, 1e-6F), leaf) {}
    void build() {
        end = x;
        for (std::size_t i = 0; i < ops; ++i)
            end = end + step;
    }
    [[nodiscard]] double gradient(bool leaf) const {
        return static_cast<double>((leaf ? step : x).grad()());
    }
};

double rss_kib(const std::string& which) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(which + ":"))
            return std::stod(line.substr(which.size() + 1));
    }
    throw std::runtime_error("bench: /proc/self/status does not tell " + which);
}

// How far a chain raises the resident memory, in bytes an op. In a process of its own, which has
// freed nothing yet that could serve again.
double rss_per_op(bool leaf) {
    int ends[2];
    if (pipe(ends) != 0)
        throw std::runtime_error("bench: pipe failed");
    const pid_t child = fork();
    if (child < 0)
        throw std::runtime_error("bench: fork failed");
    if (child == 0) {
        const double before = rss_kib("VmRSS");
        Chain chain(leaf);
        chain.build();
        chain.end.backward();
        const double grown = rss_kib("VmHWM") - before;
        const bool told = write(ends[1], &grown, sizeof grown) == sizeof grown;
        _exit(told ? 0 : 1);
    }
    close(ends[1]);
    double grown = 0;
    const bool told = read(ends[0], &grown, sizeof grown) == sizeof grown;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!told || status != 0)
        throw std::runtime_error(fmt::format("bench: a chain of {} ops ended its process", ops));
    return grown * 1024 / static_cast<double>(ops);
}

void run_chain(const Run& run, bool leaf, double rss) {
    double pool = 0, gradient = 0;
    Phases phases(3, {.budget = 0, .warmup = 0, .min_samples = 5});
    while (phases.next()) {
        Chain chain(leaf);
        reset_peak_memory();
        const std::size_t before = memory_stats().live_bytes;
        phases.start();
        chain.build();
        phases.end(0);
        chain.end.backward();
        phases.end(1);
        const std::size_t peak = memory_stats().peak_bytes - before;
        pool = static_cast<double>(peak) / static_cast<double>(ops);
        phases.start();
        chain.end = {};
        phases.end(2);
        gradient = chain.gradient(leaf);
    }
    const char* parts[] = {"build", "backward", "destroy"};
    for (std::size_t part = 0; part < 3; ++part) {
        Measure measure{
            .workload = "W7",
            .name = case_name(leaf) + "_" + parts[part],
            .unit = "ms",
            .stats = phases.stats(part, part + 1, 1e6)};
        if (part == 0) {
            measure.extra = {
                {"peak_rss_mib", peak_rss_kib() / 1024},
                {"pool_bytes_per_op", pool},
                {"rss_bytes_per_op", rss},
                {"grad", gradient}};
        }
        run.report(std::move(measure));
    }
}

void run_all(const Run& run) {
    double rss[2] = {};
    for (const bool leaf : {false, true}) {
        if (run.wants(case_name(leaf)))
            rss[leaf] = rss_per_op(leaf);
    }
    for (const bool leaf : {false, true}) {
        if (run.wants(case_name(leaf)))
            run_chain(run, leaf, rss[leaf]);
    }
}

void add_rows(Workload& to, bool leaf) {
    const std::string name = case_name(leaf);
    const std::string label = leaf ? "leaf" : "const";
    const std::string parts[] = {name + "_build", name + "_backward", name + "_destroy"};
    to.cases.push_back(name);
    to.rows.push_back(
        {.label = label + ", build + backward + destroy",
         .parts = {parts[0], parts[1], parts[2]},
         .kind = Row::Goal::ratio,
         .goal = 1.0 / 8});
    to.rows.push_back({.label = label + ", build", .parts = {parts[0]}, .detail = true});
    to.rows.push_back({.label = label + ", backward", .parts = {parts[1]}, .detail = true});
    to.rows.push_back({.label = label + ", destroy", .parts = {parts[2]}, .detail = true});
    const auto memory = [&](const char* what, const char* field) {
        to.rows.push_back(
            {.label = label + what,
             .parts = {parts[0]},
             .field = field,
             .unit = "B/op",
             .kind = Row::Goal::value,
             .goal = 250,
             .alone = true});
    };
    memory(", peak of the pool", "pool_bytes_per_op");
    memory(", peak resident", "rss_bytes_per_op");
    to.rows.push_back(
        {.label = label + ", whole process",
         .parts = {parts[0]},
         .field = "peak_rss_mib",
         .unit = "MiB"});
}

}  // namespace

Workload deep_graph() {
    Workload workload{
        .name = "W7",
        .about = "chain of 1,000,000 adds on a scalar",
        .cases = {},
        .run = run_all,
        .rows = {},
        .program = "w7_deep_graph",
        .rounds = 2,  // the peer takes up to a minute for one, with five chains of each kind inside
        .tuned = false,
        .same = {"grad"}};
    add_rows(workload, false);
    add_rows(workload, true);
    return workload;
}

}  // namespace xgrad::bench
