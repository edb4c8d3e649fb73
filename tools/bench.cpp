#include <tools/bench.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace xgrad::bench {

namespace {

constexpr double shortest_sample = 50e3;
constexpr double most_rounds = 100;
std::size_t exactly = 0;

double median(const std::vector<double>& sorted) { return sorted[sorted.size() / 2]; }

}  // namespace

Lap& Lap::operator+=(const Lap& other) {
    wall += other.wall;
    cpu += other.cpu;
    return *this;
}

Lap now() {
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    const auto wall = std::chrono::steady_clock::now().time_since_epoch();
    return {
        std::chrono::duration<double, std::nano>(wall).count(),
        static_cast<double>(cpu.tv_sec) * 1e9 + static_cast<double>(cpu.tv_nsec)};
}

Phases::Phases(std::size_t count, const Options& options) : options_(options), sums_(count) {
    if (exactly > 0)
        options_ = {.budget = 0, .warmup = 0, .min_samples = exactly, .max_samples = exactly};
}

void Phases::take_exactly(std::size_t rounds) { exactly = rounds; }

void Phases::end(std::size_t phase) {
    const Lap at = now();
    sums_[phase] += at - last_;
    last_ = now();  // again, so that the time this took is nobody's
}

// After the warm-up: its last round, the only one in sums_, tells how many make a sample.
void Phases::begin_samples() {
    double shortest = shortest_sample;
    for (const Lap& part : sums_)
        shortest = std::min(shortest, std::max(part.wall, 1.0));
    group_ = static_cast<std::size_t>(std::min(std::ceil(shortest_sample / shortest), most_rounds));
}

bool Phases::next() {
    const std::size_t done = rounds_++;
    const bool warm = done >= options_.warmup;
    if (done == options_.warmup && done > 0)
        begin_samples();
    const std::size_t sampled = warm ? done - options_.warmup : 0;
    if (sampled > 0 && sampled % group_ == 0) {
        for (Lap& part : sums_) {
            part.wall /= static_cast<double>(group_);
            part.cpu /= static_cast<double>(group_);
        }
        samples_.push_back(sums_);
    }
    if (!warm || sampled % group_ == 0)
        std::fill(sums_.begin(), sums_.end(), Lap{});
    if (samples_.size() < options_.min_samples)
        return true;
    const double spent = (now() - started_).wall * 1e-9;
    return spent < options_.budget && samples_.size() < options_.max_samples;
}

Stats Phases::stats(std::size_t begin, std::size_t end, double unit) const {
    std::vector<double> wall, cpu;
    for (const std::vector<Lap>& sample : samples_) {
        Lap sum;
        for (std::size_t part = begin; part < end; ++part)
            sum += sample[part];
        wall.push_back(sum.wall / unit);
        cpu.push_back(sum.cpu / unit);
    }
    std::sort(wall.begin(), wall.end());
    std::sort(cpu.begin(), cpu.end());
    const std::size_t n = wall.size();
    return {median(wall), wall[0], wall[n * 9 / 10], median(cpu), cpu[0], n};
}

const std::vector<Workload>& workloads() {
    static const std::vector<Workload> all{
        tape_overhead(),
        elementwise_ops(),
        dense_step(),
        small_network(),
        matrix_product(),
        row_kernels(),
        deep_graph(),
        second_order(),
        gradient_check(),
        gaussian_mixture(),
        image_layers(),
        data_loader(),
        derivatives(),
        recurrent_layers(),
        arranging_ops()};
    return all;
}

const Workload* find_workload(const std::string& name) {
    for (const Workload& workload : workloads()) {
        if (workload.name == name)
            return &workload;
    }
    return nullptr;
}

double peak_rss_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss);
}

}  // namespace xgrad::bench
