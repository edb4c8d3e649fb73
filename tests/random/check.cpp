#include <autograd/grad.hpp>
#include <autograd/pool.hpp>
#include <ops/functional.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <tests/random/check.hpp>
#include <tests/random/compare.hpp>
#include <tests/random/run.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace xgrad::test {

namespace {

// One program at one point; stops at the first check that fails.
class Checker {
public:
    Checker(const Program& program, bool deep) : program_(program), deep_(deep) {}

    Outcome run_all() {
        try {
            evaluate();
            same_bits();
            tape();
            if (differentiable_) {
                first_order();
                second_order();
            }
            in_float();
        } catch (const Failure& failure) {
            outcome_.failure = failure;
        } catch (const std::exception& error) {
            outcome_.failure = Failure{.fault = Fault::throws, .text = error.what()};
        }
        return outcome_;
    }

private:
    using List = VariableList<double>;

    // Judges two numbers; a tolerance that says nothing is no judgement.
    void expect_close(Fault fault, double got, double expected, double tolerance, double scale) {
        if (!(tolerance <= 0.01 * scale + 1e-12)) {
            ++outcome_.undecided;
            return;
        }
        ++outcome_.judged;
        if (!(std::abs(got - expected) <= tolerance))
            throw Failure{.fault = fault, .got = got, .expected = expected, .tolerance = tolerance};
    }

    void expect_same(Fault fault, const List& got, const List& expected) {
        ++outcome_.judged;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            if (got[i].defined() && !same_bits_of(got[i], expected[i])) {
                throw Failure{
                    .fault = fault,
                    .got = first_difference(got[i], expected[i]),
                    .expected = first_difference(expected[i], got[i])};
            }
        }
    }

    // The run that all others are compared with, its values, and what bounds their errors.
    void evaluate() {
        leaves_ = leaves<double>(program_);
        u_ = directions<double>(program_);
        nodes_ = run(program_, leaves_);
        for (const Variable<double>& node : nodes_)
            values_.push_back(node.value());
        const Variable<double> total = loss(program_, nodes_);
        total_ = total.item();
        differentiable_ = total.requires_grad();
        if (differentiable_) {
            gradient_ = gradient_of(total, leaves_, {.retain_graph = true});
            bound_ = error_bounds(program_, values_);
        }
    }

    void same_bits() {
        expect_own_memory();
        {
            const NoGradGuard guard;
            const List nodes = run(program_, leaves_);
            expect_same(Fault::unrecorded, nodes, nodes_);
            for (std::size_t i = 0; i < nodes.size(); ++i) {
                if (program_.nodes[i].op && nodes[i].requires_grad())
                    throw Failure{.fault = Fault::guard, .got = 1};
            }
        }
        if (!program_.has_blocks())
            return;
        const List nodes = run(program_, leaves_, {.checkpoints = true});
        expect_same(Fault::checkpoint_value, nodes, nodes_);
        if (!differentiable_)
            return;
        // The sums have another order.
        const List g = gradient_of(loss(program_, nodes), leaves_);
        expect_close(
            Fault::checkpoint_gradient,
            inner(g, u_),
            inner(gradient_, u_),
            bound_.slope * double_unit,
            bound_.slope_scale);
    }

    void expect_own_memory() {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            for (const std::size_t arg : program_.nodes[i].args) {
                if (nodes_[i].size() > 0 && nodes_[i].value().data() == nodes_[arg].value().data())
                    throw Failure{.fault = Fault::shared_memory, .got = 1};
            }
        }
    }

    // What grad() and backward() do to leaves.
    void tape() {
        const List fresh = leaves<double>(program_);
        for (std::size_t i = 0; i < fresh.size(); ++i)
            expect_same(Fault::inputs, {leaves_[i]}, {fresh[i]});
        if (!differentiable_)
            return;
        for (const Variable<double>& leaf : leaves_) {
            if (leaf.has_grad())
                throw Failure{.fault = Fault::stored_gradient};
        }
        const Variable<double> total = loss(program_, run(program_, leaves_));
        expect_same(
            Fault::repeated, gradient_of(total, leaves_, {.retain_graph = true}), gradient_);
        total.backward();
        List stored;
        for (const Variable<double>& leaf : leaves_) {
            stored.emplace_back(
                leaf.has_grad() ? leaf.grad() : Array<double>(xt::zeros_like(leaf.value())));
            leaf.zero_grad();
        }
        expect_same(Fault::backward, stored, gradient_);
    }

    Variable<double> loss_at(const List& inputs) const {
        return loss(program_, run(program_, inputs, {.checkpoints = program_.has_blocks()}));
    }

    void first_order() {
        const double slope = inner(gradient_, u_);
        const auto f = [this](const List& in) { return loss_at(in); };
        expect_close(
            Fault::jvp,
            jvp(f, leaves_, u_).derivatives[0].item(),
            slope,
            bound_.slope * double_unit,
            bound_.slope_scale);
        const auto value = [this](double h) {
            const NoGradGuard guard;
            return loss(program_, run(program_, moved_leaves(program_, h), {.frozen = &values_}))
                .item();
        };
        expect_slope(Fault::gradient, value, slope, bound_.value * double_unit, bound_.slope_scale);
    }

    void second_order() {
        const auto f = [this](const List& in) { return loss_at(in); };
        const List product = hvp(f, leaves_, u_).derivatives;
        const double bend = inner(product, u_);
        expect_close(Fault::hvp, bend, bound_.bend, 1e-9 * bound_.bend_scale, bound_.bend_scale);
        const auto slope = [this](double h) {
            const List at = moved_leaves(program_, h);
            const List nodes = run(program_, at, {.frozen = &values_});
            return inner(gradient_of(loss(program_, nodes), at), u_);
        };
        expect_slope(Fault::hessian, slope, bend, bound_.slope * double_unit, bound_.bend_scale);
        if (!deep_)
            return;
        const auto gradient = [&](const List& in) {
            return gradient_of(loss_at(in), in, {.create_graph = true});
        };
        const List forward = jvp(gradient, leaves_, u_).derivatives;
        expect_close(
            Fault::forward_over_reverse,
            inner(forward, u_),
            bend,
            1e-9 * bound_.bend_scale,
            bound_.bend_scale);
    }

    // A derivative against differences of f, with ever smaller steps; it is wrong when no step
    // whose estimated error is small agrees.
    template <class F>
    void expect_slope(Fault fault, F f, double slope, double noise, double scale) {
        std::optional<Failure> failure;
        for (const double h : {0x1p-5, 0x1p-8, 0x1p-11, 0x1p-14, 0x1p-17}) {
            const Slope difference = central_difference(f, h);
            const double error = difference.error + 4 * noise / h;
            if (!(error <= 1e-4 * (scale + std::abs(difference.value)) + 1e-12))
                continue;
            const double tolerance = 10 * error + 1e-6 * scale;
            if (std::abs(difference.value - slope) <= tolerance) {
                ++outcome_.judged;
                return;
            }
            failure = {
                .fault = fault,
                .got = slope,
                .expected = difference.value,
                .tolerance = tolerance,
                .step = h};
        }
        if (failure)
            throw *failure;
        ++outcome_.undecided;
    }

    void in_float() {
        const VariableList<float> in = leaves<float>(program_);
        const Variable<float> total = loss(program_, run(program_, in, {.frozen = &values_}));
        if (!differentiable_)
            return;
        expect_close(
            Fault::float_value,
            total.item(),
            total_,
            bound_.value * float_unit,
            bound_.value_scale);
        expect_close(
            Fault::float_gradient,
            inner(gradient_of(total, in), directions<float>(program_)),
            inner(gradient_, u_),
            bound_.slope * float_unit,
            bound_.slope_scale);
    }

    const Program& program_;
    bool deep_;
    bool differentiable_ = false;
    List leaves_, u_, nodes_, gradient_;
    std::vector<Array<double>> values_;
    double total_ = 0;
    Bounds bound_;
    Outcome outcome_;
};

Outcome check_at(const Program& program, bool deep) {
    const std::size_t before = memory_stats().live_bytes;
    Outcome outcome = Checker(program, deep).run_all();
    const std::size_t after = memory_stats().live_bytes;
    if (!outcome.failure && after != before) {
        outcome.failure = Failure{
            .fault = Fault::memory,
            .got = static_cast<double>(after),
            .expected = static_cast<double>(before)};
    }
    return outcome;
}

// Another point nearby, where a kink is as near only by chance. What is not differentiated becomes
// an input: were it a function of the others, it could tie with them at every point.
Program nudged(Program program, std::size_t phase) {
    const NoGradGuard guard;
    const VariableList<double> values = run(program, leaves<double>(program));
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (program.nodes[i].mode != Mode::plain)
            program.nodes[i] = {.numbers = values[i].value()};
    }
    for (Node& node : program.nodes) {
        const Array<double> by = wave<double>(node.numbers.shape(), 31 + phase);
        for (std::size_t i = 0; i < by.size() && !node.op; ++i)
            node.numbers.data()[i] = as_float(node.numbers.data()[i] + 0.01 * by.data()[i]);
        ++phase;
    }
    return program;
}

bool depends_on_kinks(Fault fault) {
    static constexpr std::array faults = {
        Fault::gradient,
        Fault::hessian,
        Fault::float_value,
        Fault::float_gradient,
        Fault::hvp,
        Fault::forward_over_reverse};
    return std::ranges::find(faults, fault) != faults.end();
}

}  // namespace

Outcome check(const Program& program, bool deep) {
    Outcome outcome = check_at(program, deep);
    if (!outcome.failure)
        return outcome;
    // What the first run allocated once and for all is no leak.
    if (outcome.failure->fault == Fault::memory)
        return check_at(program, deep);
    if (!program.has_kink() || !depends_on_kinks(outcome.failure->fault))
        return outcome;
    for (const std::size_t phase : {0, 100}) {
        const Program elsewhere = nudged(program, phase).compact();
        const Outcome nearby = check_at(elsewhere, deep);
        if (!nearby.failure || nearby.failure->fault != outcome.failure->fault) {
            outcome.failure.reset();
            ++outcome.undecided;
            return outcome;
        }
    }
    return outcome;
}

const char* name(Fault fault) {
    switch (fault) {
        case Fault::throws: return "an operation throws";
        case Fault::guard: return "results under NoGradGuard require no gradient";
        case Fault::shared_memory: return "results have memory of their own";
        case Fault::unrecorded: return "recorded against unrecorded values";
        case Fault::checkpoint_value: return "values with and without checkpoint()";
        case Fault::checkpoint_gradient: return "gradient with and without checkpoint()";
        case Fault::inputs: return "inputs before and after";
        case Fault::stored_gradient: return "grad() leaves .grad() alone";
        case Fault::backward: return "backward() against grad()";
        case Fault::repeated: return "gradient of a second run";
        case Fault::gradient: return "gradient against differences";
        case Fault::jvp: return "jvp() against the gradient";
        case Fault::hvp: return "hvp() against grad() of the gradient";
        case Fault::hessian: return "hvp() against differences of the gradient";
        case Fault::forward_over_reverse: return "jvp() of the gradient against hvp()";
        case Fault::float_value: return "float against double values";
        case Fault::float_gradient: return "float against double gradient";
        case Fault::memory: return "memory in use before and after";
    }
    return "";
}

}  // namespace xgrad::test
