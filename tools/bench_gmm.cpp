// W10: ADBench's Gaussian mixture with a Wishart prior [Srajer, Kukelova, Fitzgibbon 2018, 4.1]:
// the logarithm of the posterior and its gradient, in double, for the benchmark's own files.
//   objective  by hand, one point and one component after the other
//   gradient   value and gradient through the tape
#include <ops/ops.hpp>
#include <tools/bench.hpp>
#include <tools/bench_input.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>
#include <stdexcept>

namespace xgrad::bench {

namespace {

using V = Variable<double>;

constexpr const char* files[] = {
    "10k_gmm_d2_K5", "1k_gmm_d10_K25", "1k_gmm_d20_K50", "1k_gmm_d64_K10"};

struct Mixture {
    std::size_t d = 0, k = 0, n = 0;
    Array<double> alphas;  // (K,): logarithms of the weights, up to a constant
    Array<double> means;   // (K, d)
    Array<double> icf;  // (K, d + d(d-1)/2): log of Q's diagonal, then below it, column by column
    Array<double> x;    // (N, d)
    double gamma = 0;
    std::size_t m = 0;

    explicit Mixture(const std::string& path) {
        std::ifstream file(path);
        file >> d >> k >> n;
        const auto read = [&](Array<double>& to, const Shape& shape) {
            to = empty<double>(shape);
            for (double& value : to)
                file >> value;
        };
        if (file) {
            read(alphas, {k});
            read(means, {k, d});
            read(icf, {k, d * (d + 1) / 2});
            read(x, {n, d});
            file >> gamma >> m;
        }
        if (!file)
            throw std::runtime_error("bench: cannot read " + path + "; need a file of ADBench's");
    }

    // What of the posterior's logarithm depends on sizes alone.
    [[nodiscard]] double constant() const {
        const double p = static_cast<double>(d), dof = p + static_cast<double>(m) + 1;
        double log_gamma = 0.25 * p * (p - 1) * std::log(std::numbers::pi);
        for (std::size_t j = 1; j <= d; ++j)
            log_gamma += std::lgamma(0.5 * dof + 0.5 * (1 - static_cast<double>(j)));
        const double prior = dof * p * (std::log(gamma) - 0.5 * std::numbers::ln2) - log_gamma;
        return -0.5 * static_cast<double>(n) * p * std::log(2 * std::numbers::pi) -
               static_cast<double>(k) * prior;
    }
};

double log_sum_exp(const std::vector<double>& terms) {
    double top = terms[0];
    for (const double term : terms)
        top = std::max(top, term);
    double sum = 0;
    for (const double term : terms)
        sum += std::exp(term - top);
    return top + std::log(sum);
}

// |Q (x - mean)|^2
double distance(
    std::size_t d,
    const double* x,
    const double* mean,
    const double* diagonal,
    const double* below,
    double* centered,
    double* y) {
    for (std::size_t i = 0; i < d; ++i) {
        centered[i] = x[i] - mean[i];
        y[i] = diagonal[i] * centered[i];
    }
    for (std::size_t column = 0; column < d; ++column) {
        for (std::size_t row = column + 1; row < d; ++row)
            y[row] += *below++ * centered[column];
    }
    double sum = 0;
    for (std::size_t i = 0; i < d; ++i)
        sum += y[i] * y[i];
    return sum;
}

double objective_by_hand(const Mixture& g) {
    const std::size_t d = g.d, width = d * (d + 1) / 2;
    std::vector<double> diagonals(g.k * d), log_dets(g.k), terms(g.k), centered(d), y(d);
    double prior = 0;
    for (std::size_t k = 0; k < g.k; ++k) {
        const double* icf = g.icf.data() + k * width;
        double frobenius = 0;
        for (std::size_t i = 0; i < d; ++i) {
            log_dets[k] += icf[i];
            const double q = diagonals[k * d + i] = std::exp(icf[i]);
            frobenius += q * q;
        }
        for (std::size_t i = d; i < width; ++i)
            frobenius += icf[i] * icf[i];
        prior += 0.5 * g.gamma * g.gamma * frobenius - static_cast<double>(g.m) * log_dets[k];
    }
    double likelihood = 0;
    for (std::size_t i = 0; i < g.n; ++i) {
        for (std::size_t k = 0; k < g.k; ++k) {
            const double squares = distance(
                d,
                g.x.data() + i * d,
                g.means.data() + k * d,
                diagonals.data() + k * d,
                g.icf.data() + k * width + d,
                centered.data(),
                y.data());
            terms[k] = g.alphas.data()[k] + log_dets[k] - 0.5 * squares;
        }
        likelihood += log_sum_exp(terms);
    }
    const std::vector<double> alphas(g.alphas.begin(), g.alphas.end());
    return g.constant() + likelihood - static_cast<double>(g.n) * log_sum_exp(alphas) + prior;
}

// The same through the tape. Q of all components is one matrix (K d, d), filled by a gather, so
// that the points meet it in one product.
class Posterior {
public:
    explicit Posterior(const Mixture& g) : g_(g) {
        const std::size_t d = g.d;
        std::vector<std::size_t> column_start(d);
        for (std::size_t c = 0, at = d; c < d; at += d - 1 - c, ++c)
            column_start[c] = at;
        for (std::size_t row = 0; row < d; ++row) {
            for (std::size_t column = 0; column < d; ++column) {
                const std::size_t at = row == column ? row
                                       : row > column
                                           ? column_start[column] + row - column - 1
                                           : d * (d + 1) / 2;  // above the diagonal: a zero
                places_.push_back(static_cast<std::int64_t>(at));
            }
        }
        points_ = transpose(V(g.x));
    }

    [[nodiscard]] V operator()(const V& alphas, const V& means, const V& icf) const {
        const std::size_t d = g_.d, k = g_.k, n = g_.n;
        const V log_diagonal = slice(icf, 1, 0, d), below = slice(icf, 1, d, icf.shape()[1]);
        const V log_det = sum(log_diagonal, {1});
        const V entries = concatenate(std::vector{exp(log_diagonal), below}, 1);
        const V padded = concatenate(std::vector{entries, V(Array<double>(Shape{k, 1}, 0.0))}, 1);
        const V q = reshape(gather(padded, 1, places_), {k, d, d});
        const V shift = matmul(q, unsqueeze(means, 2));  // (K, d, 1)
        const V y = reshape(matmul(reshape(q, {k * d, d}), points_), {k, d, n}) - shift;
        const V terms = unsqueeze(alphas + log_det, 1) - 0.5 * sum(square(y), {1});
        const V prior = 0.5 * g_.gamma * g_.gamma * sum(square(entries)) -
                        static_cast<double>(g_.m) * sum(log_det);
        return sum(logsumexp(terms, {0})) - static_cast<double>(n) * logsumexp(alphas) + prior +
               g_.constant();
    }

private:
    const Mixture& g_;
    std::vector<std::int64_t> places_;
    V points_;
};

void run_file(const Run& run, const std::string& name) {
    const Mixture mixture(run.data + "/" + name + ".txt");
    const Phases::Options options{.budget = run.budget, .warmup = 2};
    double by_hand = 0;
    const Stats objective = time_of(options, 1e6, [&] { by_hand = objective_by_hand(mixture); });
    run.report(
        {.workload = "W10",
         .name = name + "_objective",
         .unit = "ms",
         .stats = objective,
         .extra = {{"value", by_hand}}});

    const Posterior posterior(mixture);
    const V alphas(mixture.alphas, true), means(mixture.means, true), icf(mixture.icf, true);
    double value = 0;
    const Stats gradient = time_of(options, 1e6, [&] {
        for (const V& leaf : {alphas, means, icf})
            leaf.zero_grad();
        const V y = posterior(alphas, means, icf);
        y.backward();
        value = y.item();
    });
    if (!(std::abs(value - by_hand) <= 1e-8 * std::abs(by_hand))) {
        throw std::runtime_error(fmt::format(
            "bench: W10 {}: the tape's objective is {}, by hand {}", name, value, by_hand));
    }
    run.report(
        {.workload = "W10",
         .name = name + "_gradient",
         .unit = "ms",
         .stats = gradient,
         .extra = {
             {"value", value},
             {"grad_alphas", magnitude(alphas.grad())},
             {"grad_means", magnitude(means.grad())},
             {"grad_icf", magnitude(icf.grad())}}});
}

void run_all(const Run& run) {
    for (const std::string name : files) {
        if (run.wants(name))
            run_file(run, name);
    }
}

}  // namespace

Workload gaussian_mixture() {
    Workload workload{
        .name = "W10",
        .about = "posterior of ADBench's Gaussian mixtures and its gradient, double",
        .cases = {},
        .run = run_all,
        .rows = {},
        .program = "w10_gmm",
        .same = {"value", "grad_alphas", "grad_means", "grad_icf"}};
    for (const std::string name : files) {
        workload.cases.push_back(name);
        workload.rows.push_back({.label = name + ", gradient", .parts = {name + "_gradient"}});
        workload.rows.push_back(
            {.label = name + ", gradient by the objective by hand",
             .parts = {name + "_gradient"},
             .kind = Row::Goal::ratio,
             .goal = 3,
             .floor = {name + "_objective"}});
    }
    return workload;
}

}  // namespace xgrad::bench
