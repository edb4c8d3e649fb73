// Building and running the programs of a comparison.
#include <autograd/isa.hpp>
#include <tools/bench_compare.hpp>
#include <tools/bench_json.hpp>
#include <tools/bench_process.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <utility>

namespace xgrad::bench {

namespace {

// What a failed build lacked, from what it said.
std::string what_is_missing(const Finished& make) {
    struct Sign {
        const char *text, *package;
    };
    constexpr Sign signs[] = {
        {"torch/torch.h: No such file", "libtorch-dev"},
        {"cannot find -ltorch", "libtorch-dev"},
        {"cannot find -lc10", "libtorch-dev"},
        {"g++: No such file", "g++"},
        {"g++: not found", "g++"}};
    for (const Sign& sign : signs) {
        if (make.output.find(sign.text) != std::string::npos)
            return fmt::format("; install it: apt-get install {}", sign.package);
    }
    if (make.output.empty() && !make.ok)
        return "; install it: apt-get install make";
    constexpr std::size_t shown = 2000;
    const std::size_t start = make.output.size() > shown ? make.output.size() - shown : 0;
    return ":\n" + make.output.substr(start);
}

bool has_avx512() { return __builtin_cpu_supports("avx512f"); }

Environment common_settings(std::size_t threads) {
    const std::string n = std::to_string(threads);
    Environment set{{"OPENBLAS_NUM_THREADS", n}, {"OMP_NUM_THREADS", n}};
    if (has_avx512() && !peer_may_use_avx512()) {
        set["OPENBLAS_CORETYPE"] = "Haswell";
        set["ONEDNN_MAX_CPU_ISA"] = "AVX2";
        set["ATEN_CPU_CAPABILITY"] = "avx2";
    }
    return set;
}

Finished run_ours(const Comparison& c, const Workload& workload) {
    std::vector<std::string> command{
        c.self,
        workload.name,
        "--json=-",
        fmt::format("--budget={}", c.budget),
        fmt::format("--data={}", c.data),
        fmt::format("--threads={}", c.threads)};
    if (!c.filter.empty())
        command.push_back("--filter=" + c.filter);
    return run_program(command, common_settings(c.threads));
}

Environment peer_settings(const Comparison& c, bool tuned) {
    Environment set = common_settings(c.threads);
    set["THREADS"] = std::to_string(c.threads);
    set["DATA"] = c.data;
    set["BUDGET"] = fmt::format("{}", c.budget);
    set["TAG"] = tuned ? "tuned" : "stock";
    if (!c.filter.empty())
        set["ONLY"] = c.filter;
    if (tuned) {  // freed memory is kept, and the best kernels are used, which are off by default
        set["MALLOC_MMAP_THRESHOLD_"] = "1073741824";
        set["MALLOC_TRIM_THRESHOLD_"] = "4294967296";
        if (peer_may_use_avx512())
            set["ATEN_CPU_CAPABILITY"] = "avx512";
    }
    return set;
}

std::map<std::string, Measure> by_name(const std::string& output) {
    std::map<std::string, Measure> all;
    for (Measure& measure : read_json_lines(output)) {
        const std::string name = measure.name;
        all.emplace(name, std::move(measure));
    }
    return all;
}

void run_peer_round(const Comparison& c, const Workload& workload, bool tuned, Side& side) {
    std::vector<std::vector<std::string>> commands = {{c.build + "/" + workload.program}};
    if (!workload.script.empty() && !c.python.empty())
        commands.push_back({c.python, c.peers + "/torch/" + workload.script});
    side.emplace_back();
    for (const std::vector<std::string>& command : commands) {
        const Finished finished = run_program(command, peer_settings(c, tuned));
        if (!finished.ok) {
            throw std::runtime_error(fmt::format(
                "bench: the peer's {} ended with {}; need its results",
                command.back(),
                finished.how));
        }
        side.back().merge(by_name(finished.output));
    }
}

void show_progress(const Workload& workload, std::size_t round, std::size_t rounds) {
    if (isatty(STDERR_FILENO))
        fmt::print(stderr, "\r\033[K{}: round {} of {}", workload.name, round, rounds);
}

}  // namespace

bool peer_may_use_avx512() { return has_avx512() && active_isa() != Isa::avx2; }

void build_peers(const Comparison& c, const std::vector<const Workload*>& workloads) {
    const std::string source = c.peers + "/torch";
    if (!std::filesystem::exists(source + "/Makefile")) {
        throw std::runtime_error(fmt::format(
            "bench: {} has no Makefile; need a folder whose torch/ holds the peer's programs",
            source));
    }
    std::filesystem::create_directories(c.build);
    std::vector<std::string> command{"make", "-C", source, "BUILD=" + c.build};
    for (const Workload* workload : workloads)
        command.push_back(c.build + "/" + workload->program);
    if (isatty(STDERR_FILENO))
        fmt::print(stderr, "building the peer's programs ...");
    const Finished make = run_program(command, {}, true);
    if (isatty(STDERR_FILENO))
        fmt::print(stderr, "\r\033[K");
    if (!make.ok) {
        throw std::runtime_error(
            fmt::format("bench: the peer cannot be built{}", what_is_missing(make)));
    }
}

std::string find_pytorch(const Comparison& c) {
    std::vector<std::string> candidates{"python3", "/usr/bin/python3"};
    if (!c.python.empty())
        candidates = {c.python};
    for (const std::string& python : candidates) {
        if (run_program({python, "-c", "import torch"}, {}, true).ok)
            return python;
    }
    return "";
}

Rounds run_rounds(const Comparison& c, const Workload& workload) {
    Rounds all{&workload, {}, {}, {}, {}};
    const std::size_t rounds = c.rounds ? c.rounds : workload.rounds;
    for (std::size_t round = 0; round < rounds; ++round) {
        show_progress(workload, round + 1, rounds);
        const Finished ours = run_ours(c, workload);
        if (!ours.ok) {
            all.failure = ours.how;
            break;
        }
        all.ours.push_back(by_name(ours.output));
        run_peer_round(c, workload, false, all.stock);
        if (workload.tuned)
            run_peer_round(c, workload, true, all.tuned);
    }
    if (isatty(STDERR_FILENO))
        fmt::print(stderr, "\r\033[K");
    return all;
}

}  // namespace xgrad::bench
