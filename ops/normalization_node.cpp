#include <autograd/broadcast.hpp>
#include <autograd/caches.hpp>
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <autograd/record.hpp>
#include <ops/normalization_kernels.hpp>
#include <ops/normalization_node.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/shape.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace xgrad::detail {
namespace {

template <class T>
const NormalizationKernels<T>& run() {
    return kernels<NormalizationKernels<T>>();
}

// Groups that make a thread worth waking. Groups are independent: splitting them leaves every bit
// alone.
std::size_t grain_of(const Groups& groups) {
    return 1 + 16384 / std::max<std::size_t>(groups.elements(), 1);
}

template <class T>
const T* data_of(const Variable<T>& x) {
    return x.defined() ? x.value().data() : nullptr;
}

// p + i, and null of null: there is no element, then.
template <class T>
T* offset(T* p, std::size_t i) {
    return p ? p + i : p;
}

template <class T>
void normalize_group(
    const Groups& groups,
    std::size_t q,
    const T* x,
    const T* weight,
    const T* bias,
    GroupsNormalized<T>& to,
    T* y,
    bool past_caches) {
    const std::size_t n = groups.length, first = groups.first(q);
    double moments[2];
    run<T>().moments(
        moments, offset(x, first * n), groups.runs, n, groups.step * n, groups.centered);
    const T mean = to.mean.data()[q] = static_cast<T>(moments[0]);
    to.variance.data()[q] = static_cast<T>(moments[1]);
    const double scale = 1 / std::sqrt(moments[1] + groups.epsilon);
    for (std::size_t k = 0; k < groups.runs; ++k) {
        const std::size_t r = first + k * groups.step;
        if (groups.channels == 0) {
            run<T>().normalize(
                offset(y, r * n),
                offset(x, r * n),
                n,
                mean,
                static_cast<T>(scale),
                T(0),
                weight,
                bias,
                past_caches);
            continue;
        }
        const std::size_t c = r % groups.channels;
        const T slope = static_cast<T>(weight ? scale * static_cast<double>(weight[c]) : scale);
        const T shift = bias ? bias[c] : T(0);
        run<T>().normalize(
            offset(y, r * n),
            offset(x, r * n),
            n,
            mean,
            slope,
            shift,
            nullptr,
            nullptr,
            past_caches);
    }
}

// One node, since one pass over g and x gives the shares of all three inputs.
template <class T>
class NormalizationNode final : public Node<T> {
public:
    NormalizationNode(
        const Op& op,
        Groups groups,
        const Variable<T>& x,
        const Variable<T>& weight,
        const Variable<T>& bias,
        const GroupsNormalized<T>& result,
        Where where)
        : Node<T>(&op, x.shape(), where),
          groups_(std::move(groups)),
          x_(keep(x)),
          mean_(result.mean),
          variance_(result.variance) {
        if (weight.defined())
            weight_ = keep(weight);
        const Variable<T>* inputs[] = {&x, &weight, &bias};
        for (std::size_t i = 0; i < 3; ++i) {
            if (inputs[i]->requires_grad())
                node_[i] = inputs[i]->state().node;
        }
    }

    [[nodiscard]] std::size_t edges() const noexcept override { return 3; }
    [[nodiscard]] Node<T>* edge(std::size_t i) const noexcept override { return node_[i].get(); }

    void shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) override {
        const Variable<T> x = **x_;
        const Variable<T> weight = weight_ ? **weight_ : Variable<T>();
        if (grad_enabled()) {
            record_shares(g, x, weight, wanted, shares);
            return;
        }
        Array<T> dx = empty<T>(wanted[0] ? x.shape() : Shape{0});
        Array<T> dw(wanted[1] ? node_[1]->shape : Shape{0}, T(0));
        Array<T> db(wanted[2] ? node_[2]->shape : Shape{0}, T(0));
        const Pass pass = {
            g.value().data(),
            x.value().data(),
            data_of(weight),
            wanted[0] ? dx.data() : nullptr,
            wanted[1] ? dw.data() : nullptr,
            wanted[2] ? db.data() : nullptr,
            rows_past_caches<T>(x.size())};
        if (x.size() > 0)
            groups_.channels == 0 ? pass_by_elements(pass) : pass_by_channels(pass);
        Array<T>* results[] = {&dx, &dw, &db};
        for (std::size_t i = 0; i < 3; ++i) {
            if (wanted[i])
                shares[i] = Variable<T>(std::move(*results[i]));
        }
    }

    void drop_kept() noexcept override {
        x_.reset();
        weight_.reset();
        mean_ = variance_ = Array<T>();
    }

private:
    // The operands of a backward pass; what is not wanted is null.
    struct Pass {
        const T* g;
        const T* x;
        const T* weight;
        T* dx;
        T* dw;
        T* db;
        bool past_caches;
    };

    [[nodiscard]] double scale(std::size_t q) const {
        return 1 / std::sqrt(static_cast<double>(variance_.data()[q]) + groups_.epsilon);
    }

    // dx of a run from the sums over its group: with r = 1 / sqrt(variance + epsilon) and h the
    // gradient times slope and weight, r (h - sums[0] / n) - r^3 (x - mean) sums[1] / n.
    void share_of_run(
        const Pass& pass,
        std::size_t q,
        std::size_t at,
        const T* weight,
        double slope,
        const double* sums) const {
        const double r = scale(q), n = static_cast<double>(groups_.elements());
        run<T>().share(
            pass.dx + at,
            pass.g + at,
            pass.x + at,
            groups_.length,
            mean_.data()[q],
            weight,
            static_cast<T>(slope),
            static_cast<T>(r),
            static_cast<T>(-r * r * r * sums[1] / n),
            static_cast<T>(groups_.centered ? sums[0] / n : 0),
            pass.past_caches);
    }

    // A group is a run. Blocks of rows, whose number depends on sizes alone, each have their own
    // sum for weight and bias; so small that few rows are added in a row, and so large that the
    // sums are no more than a part of x.
    void pass_by_elements(const Pass& pass) const {
        const std::size_t n = groups_.length;
        const std::size_t rows = std::clamp<std::size_t>(65536 / n, 16, 512);
        const std::size_t blocks = (groups_.count + rows - 1) / rows;
        Array<T> dw(Shape{pass.dw ? blocks : 0, n}, T(0)), db(Shape{pass.db ? blocks : 0, n}, T(0));
        parallel_tasks(blocks, [&](std::size_t block) {
            T* to_w = pass.dw ? dw.data() + block * n : nullptr;
            T* to_b = pass.db ? db.data() + block * n : nullptr;
            const std::size_t last = std::min(groups_.count, (block + 1) * rows);
            for (std::size_t q = block * rows; q < last; ++q) {
                const T r = static_cast<T>(scale(q)), mean = mean_.data()[q];
                const T* g = pass.g + q * n;
                double sums[2];
                run<T>().sums(sums, g, pass.x + q * n, n, mean, r, pass.weight, to_w, to_b);
                if (pass.dx)
                    share_of_run(pass, q, q * n, pass.weight, 1, sums);
            }
            drain<T>(pass.past_caches);
        });
        if (pass.dw)
            std::ranges::copy(sum_axes(dw, {0}), pass.dw);
        if (pass.db)
            std::ranges::copy(sum_axes(db, {0}), pass.db);
    }

    void pass_by_channels(const Pass& pass) const {
        const std::size_t total = groups_.count * groups_.runs;
        std::vector<double> sums(2 * total);  // of each run; the second becomes dw's
        parallel_ranges(groups_.count, grain_of(groups_), [&](std::size_t begin, std::size_t end) {
            for (std::size_t q = begin; q < end; ++q)
                pass_group(pass, q, sums.data());
            drain<T>(pass.past_caches);
        });
        std::vector<double> by_channel(2 * groups_.channels, 0);
        for (std::size_t r = 0; r < total; ++r) {
            double* to = by_channel.data() + r % groups_.channels * 2;
            to[0] += sums[2 * r];
            to[1] += sums[2 * r + 1];
        }
        for (std::size_t c = 0; c < groups_.channels; ++c) {
            if (pass.db)
                pass.db[c] = static_cast<T>(by_channel[2 * c]);
            if (pass.dw)
                pass.dw[c] = static_cast<T>(by_channel[2 * c + 1]);
        }
    }

    void pass_group(const Pass& pass, std::size_t q, double* sums) const {
        const std::size_t n = groups_.length;
        const auto run_at = [&](std::size_t k) { return groups_.first(q) + k * groups_.step; };
        const auto slope = [&](std::size_t r) {
            return pass.weight ? static_cast<double>(pass.weight[r % groups_.channels]) : 1;
        };
        double group[2] = {0, 0};
        for (std::size_t k = 0; k < groups_.runs; ++k) {
            const std::size_t r = run_at(k);
            double* own = sums + 2 * r;
            const T mean = mean_.data()[q];
            const T *g = pass.g + r * n, *x = pass.x + r * n;
            run<T>().sums(own, g, x, n, mean, T(0), nullptr, nullptr, nullptr);
            group[0] += slope(r) * own[0];
            group[1] += slope(r) * own[1];
            own[1] *= scale(q);
        }
        for (std::size_t k = 0; pass.dx && k < groups_.runs; ++k)
            share_of_run(pass, q, run_at(k) * n, nullptr, slope(run_at(k)), group);
    }

    // The same in public ops, for gradients of gradients.
    void record_shares(
        const Variable<T>& g,
        const Variable<T>& x,
        const Variable<T>& weight,
        const bool* wanted,
        Variable<T>* shares) const {
        const Axes& axes = groups_.axes;
        const Variable<T> gv = reshape(g, groups_.view);
        if (wanted[2])
            shares[2] = reshape(sum_to(gv, groups_.affine), node_[2]->shape);
        if (!wanted[0] && !wanted[1])
            return;
        const Variable<T> xv = reshape(x, groups_.view);
        const Variable<T> d = groups_.centered ? xv - mean(xv, axes, true) : xv;
        const Variable<T> r = rsqrt(mean(square(d), axes, true) + groups_.epsilon);
        const Variable<T> unit = d * r;
        if (wanted[1])
            shares[1] = reshape(sum_to(gv * unit, groups_.affine), node_[1]->shape);
        if (!wanted[0])
            return;
        const Variable<T> gw = weight.defined() ? gv * reshape(weight, groups_.affine) : gv;
        Variable<T> rest = gw - unit * mean(gw * unit, axes, true);
        if (groups_.centered)
            rest = rest - mean(gw, axes, true);
        shares[0] = reshape(r * rest, x.shape());
    }

    Groups groups_;
    Ref<Node<T>> node_[3];
    std::optional<Kept<T>> x_, weight_;
    Array<T> mean_, variance_;
};

}  // namespace

template <class T>
GroupsNormalized<T> normalize_groups(
    const Op& op,
    Groups groups,
    const Variable<T>& x,
    const Variable<T>& weight,
    const Variable<T>& bias,
    Where where) {
    GroupsNormalized<T> result = {
        Variable<T>(), empty<T>({groups.count}), empty<T>({groups.count})};
    Array<T> y = empty<T>(x.shape());
    const bool past = rows_past_caches<T>(y.size());
    parallel_ranges(groups.count, grain_of(groups), [&](std::size_t begin, std::size_t end) {
        for (std::size_t q = begin; q < end; ++q)
            normalize_group(
                groups,
                q,
                x.value().data(),
                data_of(weight),
                data_of(bias),
                result,
                y.data(),
                past);
        drain<T>(past);
    });
    result.y = record(op, std::move(y), where);
    const bool wants_grad = x.requires_grad() || weight.requires_grad() || bias.requires_grad();
    if (wants_grad && grad_enabled()) {
        auto node = Ref<Node<T>>::adopt(
            new NormalizationNode<T>(op, std::move(groups), x, weight, bias, result, where));
        result.y = Variable<T>(result.y.state().buffer, std::move(node));
    }
    return result;
}
template GroupsNormalized<float> normalize_groups(
    const Op&,
    Groups,
    const Variable<float>&,
    const Variable<float>&,
    const Variable<float>&,
    Where);
template GroupsNormalized<double> normalize_groups(
    const Op&,
    Groups,
    const Variable<double>&,
    const Variable<double>&,
    const Variable<double>&,
    Where);

}  // namespace xgrad::detail
