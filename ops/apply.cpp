#include <autograd/accumulate.hpp>
#include <autograd/branch.hpp>
#include <autograd/broadcast.hpp>
#include <autograd/caches.hpp>
#include <autograd/call_trace.hpp>
#include <autograd/fail.hpp>
#include <autograd/grain.hpp>
#include <autograd/parallel.hpp>
#include <autograd/profiling.hpp>
#include <autograd/record.hpp>
#include <ops/formula_rows.hpp>

#include <algorithm>
#include <type_traits>

namespace xgrad::detail {
namespace {

// Runs a kernel over an output of that shape. `call` has all but the inputs, of which those with a
// null array are not read.
template <class T>
void run_kernel(
    const FormulaKernels<T>& kernels,
    typename FormulaKernels<T>::Kernel kernel,
    FormulaCall<T>& call,
    const Shape& shape,
    const Array<T>* const* inputs,
    std::size_t count) {
    const std::size_t size = xgrad::count(shape);
    if (size == 0)
        return;
    FormulaBatches<T>& row = call.row;
    bool all_full = true;
    for (std::size_t k = 0; k < count; ++k) {
        if (!inputs[k])
            continue;
        row.at[k] = inputs[k]->data();
        row.step[k] = kernels.batch;
        all_full = all_full && inputs[k]->size() == size;
    }
    // One row: cut between batches, since xsimd chooses how to reduce the argument of a sine by the
    // whole batch.
    const auto run_row = [&](FormulaCall<T>& only) {
        constexpr std::size_t unit = 64;
        if (only.columns < 2 * parallel_grain) {
            run_rows(kernels, kernel, only);
            return;
        }
        const std::size_t units = (only.columns + unit - 1) / unit;
        parallel_ranges(units, parallel_grain / unit, [&](std::size_t first, std::size_t last) {
            const std::size_t begin = unit * first, end = std::min(unit * last, only.columns);
            FormulaCall<T> part = only;
            part.columns = end - begin;
            part.row.out += begin;
            for (std::size_t k = 0; k < max_formula_operands; ++k) {
                if (part.row.step[k] > 0)
                    part.row.at[k] += begin;
            }
            run_rows(kernels, kernel, part);
        });
    };
    if (all_full) {
        call.columns = size;
        run_row(call);
        return;
    }
    std::vector<const Shape*> shapes;
    for (std::size_t k = 0; k < count; ++k)
        shapes.push_back(inputs[k] ? &inputs[k]->shape() : &shape);
    const Loops loops(shape, shapes);
    call.rows = loops.rows();
    call.columns = loops.columns();
    for (const std::size_t k : {formula_y, formula_g})
        call.row_step[k] = row.step[k] > 0 ? call.columns : 0;
    for (std::size_t k = 0; k < count; ++k) {
        if (!inputs[k])
            continue;
        call.row_step[k] = loops.row_stride(k);
        if (loops.column_stride(k) == 0)
            row.step[k] = 0;
    }
    const std::size_t block = call.rows * call.columns;
    for (std::size_t step = 0; step < loops.outer(); ++step) {
        const auto rows_from = [&](std::size_t begin, std::size_t end) {
            FormulaCall<T> part = call;
            part.rows = end - begin;
            part.row.out += step * block + begin * call.columns;
            for (std::size_t k = 0; k < max_formula_operands; ++k)
                part.row.at[k] += begin * call.row_step[k];
            for (const std::size_t k : {formula_y, formula_g})
                part.row.at[k] += step * call.rows * call.row_step[k];
            for (std::size_t k = 0; k < count; ++k) {
                if (inputs[k])
                    part.row.at[k] += loops.offset(k, step);
            }
            return part;
        };
        if (call.rows == 1) {
            FormulaCall<T> only = rows_from(0, 1);
            run_row(only);
            continue;
        }
        const std::size_t rows_grain = std::max<std::size_t>(1, parallel_grain / call.columns);
        parallel_ranges(call.rows, rows_grain, [&](std::size_t begin, std::size_t end) {
            FormulaCall<T> part = rows_from(begin, end);
            run_rows(kernels, kernel, part);
        });
    }
}

// How a new array of that shape is written.
template <class T>
FormulaStore store_of(const Shape& shape) {
    return past_caches<T>(count(shape)) ? FormulaStore::past_caches : FormulaStore::plain;
}

// The node of a formula with N inputs.
template <class T, std::size_t N>
class FormulaNode final : public Node<T> {
public:
    FormulaNode(
        const FormulaOp<T>& formula,
        const Variable<T>* const* inputs,
        const T* params,
        const Ref<Buffer<T>>& output,
        Where where)
        : Node<T>(formula.op, output->array.shape(), where),
          formula_(formula) {
        std::copy_n(params, formula.params, params_);
        bool needs_x[N] = {};
        bool needs_y = false;
        for (std::size_t i = 0; i < N; ++i) {
            const FormulaRule<T>& rule = formula.rules[i];
            if (!rule.exists || !inputs[i]->requires_grad())
                continue;
            active_[i] = true;
            needs_y = needs_y || rule.needs_y;
            for (std::size_t k = 0; k < N; ++k) {
                needs_x[k] = needs_x[k] || rule.needs_x[k];
            }
        }
        for (std::size_t k = 0; k < N; ++k) {
            // A kept input's node is kept even where it gets no share of its own, so that the
            // rule can rebuild the Variable.
            if (needs_x[k] || active_[k])
                node_[k] = inputs[k]->state().node;
            if (!needs_x[k])
                continue;
            x_[k] = inputs[k]->state().buffer;
            version_[k] = x_[k]->version;
        }
        if (needs_y)
            y_ = output;
    }

    [[nodiscard]] std::size_t edges() const noexcept override { return N; }
    [[nodiscard]] Node<T>* edge(std::size_t i) const noexcept override {
        return active_[i] ? node_[i].get() : nullptr;
    }

    [[nodiscard]] bool takes_one_number() const noexcept override { return true; }
    [[nodiscard]] bool adds_shares() const noexcept override { return true; }

    // A share is added to what waits there; the last one is written over g where nobody else holds
    // it.
    void shares(const Variable<T>& g, const bool* wanted, Variable<T>* shares) override {
        std::size_t last = 0;
        for (std::size_t i = 0; i < N; ++i) {
            if (wanted[i])
                last = i;
        }
        const bool one_g = g.shape() != this->shape;
        for (std::size_t i = 0; i <= last; ++i) {
            if (!wanted[i])
                continue;
            const FormulaRule<T>& rule = formula_.rules[i];
            if (rule.passes_gradient) {
                accumulate(shares[i], one_g ? one_number_share(i, g) : g);
                continue;
            }
            check_kept(rule);
            if (grad_enabled()) {
                shares[i] = recorded_share(rule, g);
                continue;
            }
            auto store = FormulaStore::plain;
            if (shares[i].defined()) {
                store = FormulaStore::add;
            } else if (!one_g && i == last && g.unshared() && !g.requires_grad()) {
                shares[i] = g;
            } else {
                shares[i] = Variable<T>(Ref<Buffer<T>>::adopt(new Buffer<T>(this->shape)), {});
                store = store_of<T>(this->shape);
            }
            T* const out = shares[i].state().buffer->array.data();
            compute_share(i, g.value().data(), one_g, out, store);
        }
    }

    bool stacked_share(std::size_t i, const Variable<T>& g, Variable<T>& to) override {
        const FormulaRule<T>& rule = formula_.rules[i];
        if (rule.passes_gradient) {
            to = g;
            return true;
        }
        check_kept(rule);
        auto out = Ref<Buffer<T>>::adopt(new Buffer<T>(g.shape()));
        const std::size_t size = xgrad::count(this->shape);
        for (std::size_t at = 0; at < g.size(); at += size)
            compute_share(
                i, g.value().data() + at, false, out->array.data() + at, FormulaStore::plain);
        to = Variable<T>(std::move(out), {});
        return true;
    }

    void drop_kept() noexcept override {
        for (auto& buffer : x_)
            buffer = {};
        y_ = {};
    }

private:
    const FormulaKernels<T>& kernels() const {
        return *static_cast<const FormulaKernels<T>*>(formula_.kernels.table);
    }

    // Throws when something that the rule needs has been overwritten.
    void check_kept(const FormulaRule<T>& rule) const {
        for (std::size_t k = 0; k < N; ++k) {
            if (rule.needs_x[k])
                check_version(k);
        }
        if (rule.needs_y && y_->version != 0)
            fail_result_overwritten(this->op, this->where, this->shape);
    }

    // Of g, one number that input i got in every element.
    Variable<T> one_number_share(std::size_t i, const Variable<T>& g) const {
        const std::size_t from = xgrad::count(this->shape), to = xgrad::count(node_[i]->shape);
        if (from == to)
            return g;
        return Variable<T>(from == 0 ? T(0) : g.item() * static_cast<T>(from / to));
    }

    void compute_share(std::size_t i, const T* g, bool one_g, T* out, FormulaStore store) const {
        const FormulaRule<T>& rule = formula_.rules[i];
        FormulaCall<T> call;
        call.row.out = out;
        call.row.store = store;
        call.row.params = params_;
        call.row.at[formula_g] = g;
        call.row.step[formula_g] = one_g ? 0 : kernels().batch;
        if (rule.needs_y) {
            call.row.at[formula_y] = y_->array.data();
            call.row.step[formula_y] = kernels().batch;
        }
        const Array<T>* arrays[N] = {};
        for (std::size_t k = 0; k < N; ++k) {
            if (rule.needs_x[k])
                arrays[k] = &x_[k]->array;
        }
        run_kernel(kernels(), kernels().share[i], call, this->shape, arrays, N);
    }

    void check_version(std::size_t k) const {
        if (x_[k]->version == version_[k])
            return;
        fail<GraphError>(
            "backward: {} needs the value of its input {}, shape {}, that was overwritten after "
            "it was recorded (version {}, now {}); run backward before the update, or compute on a "
            "copy",
            call_string(this->op, this->where),
            k,
            x_[k]->array.shape(),
            version_[k],
            x_[k]->version);
    }

    Variable<T> recorded_share(const FormulaRule<T>& rule, const Variable<T>& g) {
        Variable<T> x[N];
        for (std::size_t k = 0; k < N; ++k) {
            if (rule.needs_x[k])
                x[k] = Variable<T>(x_[k], node_[k]);
        }
        Variable<T> y;
        if (rule.needs_y)
            y = Variable<T>(y_, Ref<Node<T>>::share(this));
        return rule.recorded(g, x, y, params_);
    }

    const FormulaOp<T>& formula_;
    Ref<Node<T>> node_[N];
    Ref<Buffer<T>> x_[N];
    Ref<Buffer<T>> y_;
    T params_[max_formula_params] = {};
    std::uint32_t version_[N] = {};
    bool active_[N] = {};
};

// Half of a long tape's memory is its nodes.
static_assert(sizeof(void*) != 8 || sizeof(FormulaNode<float, 2>) <= 192);

template <class T>
Ref<Node<T>> formula_node(
    const FormulaOp<T>& formula,
    const Variable<T>* const* inputs,
    const T* params,
    const Ref<Buffer<T>>& output,
    Where where) {
    const auto node = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
        return Ref<Node<T>>::adopt(new FormulaNode<T, N>(formula, inputs, params, output, where));
    };
    static_assert(max_formula_inputs == 3);
    switch (formula.inputs) {
        case 1: return node(std::integral_constant<std::size_t, 1>());
        case 2: return node(std::integral_constant<std::size_t, 2>());
        default: return node(std::integral_constant<std::size_t, 3>());
    }
}

// Notes what each element decides, unless the formula decides nothing.
template <class T>
void trace(
    const FormulaOp<T>& formula,
    const Array<T>* const* inputs,
    const T* params,
    const Shape& shape,
    const Where& where) {
    std::vector<const Shape*> shapes;
    for (std::size_t k = 0; k < formula.inputs; ++k)
        shapes.push_back(&inputs[k]->shape());
    const Loops loops(shape, shapes);
    const double scalars[max_formula_params] = {params[0], params[1]};
    std::vector<std::uint64_t> sides;
    for (std::size_t step = 0; step < loops.outer() && count(shape) > 0; ++step) {
        for (std::size_t row = 0; row < loops.rows(); ++row) {
            for (std::size_t column = 0; column < loops.columns(); ++column) {
                double x[max_formula_inputs] = {};
                for (std::size_t k = 0; k < formula.inputs; ++k) {
                    x[k] = inputs[k]->data()
                               [loops.offset(k, step) + row * loops.row_stride(k) +
                                column * loops.column_stride(k)];
                }
                sides.push_back(formula.decide(x, scalars));
                if (sides.back() == 0)
                    return;
            }
        }
    }
    note_branches(formula.op->name(), where, shape, std::move(sides));
}

}  // namespace

template <class T>
Variable<T> apply(
    const FormulaOp<T>& formula,
    const Variable<T>* const* inputs,
    const double* params,
    Where where) {
    if (!formula.op) {
        throw std::logic_error("an elementwise op is not registered; link libxgrad whole");
    }
    const std::size_t count = formula.inputs;
    const Array<T>* arrays[max_formula_inputs];
    bool wants_grad = false;
    for (std::size_t k = 0; k < count; ++k) {
        arrays[k] = &inputs[k]->value();
        wants_grad = wants_grad || (formula.rules[k].exists && inputs[k]->requires_grad());
    }
    const Shape* shape = &arrays[0]->shape();
    Shape common;
    for (std::size_t k = 1; k < count; ++k) {
        if (arrays[k]->shape() == *shape)
            continue;
        common = broadcast_shape(formula.op->name(), *shape, arrays[k]->shape());
        shape = &common;
    }
    auto buffer = Ref<Buffer<T>>::adopt(new Buffer<T>(*shape));
    T scalars[max_formula_params] = {};
    for (std::size_t p = 0; p < formula.params; ++p)
        scalars[p] = static_cast<T>(params[p]);
    FormulaCall<T> call;
    call.row.out = buffer->array.data();
    call.row.store = store_of<T>(*shape);
    call.row.params = scalars;
    const auto& kernels = *static_cast<const FormulaKernels<T>*>(formula.kernels.table);
    run_kernel(kernels, kernels.forward, call, *shape, arrays, count);
    note_value<T>(formula.op, where, buffer->array, {arrays, count});
    if (tracing_branches)
        trace(formula, arrays, scalars, *shape, where);

    Ref<Node<T>> node;
    if (wants_grad && grad_enabled()) {
        node = formula_node<T>(formula, inputs, scalars, buffer, where);
        note_node(node.get());
    }
    return Variable<T>(std::move(buffer), std::move(node));
}

Samples callable(
    const Samples& samples, const FormulaOp<float>& in_float, const FormulaOp<double>& in_double) {
    std::vector<Sample> list = samples.list();
    for (Sample& sample : list) {
        const auto call_of = [&sample]<class T>(const FormulaOp<T>& formula) -> OpFunction<T> {
            return [&formula, params = sample.params](const std::vector<Variable<T>>& in) {
                std::vector<const Variable<T>*> inputs;
                for (const Variable<T>& x : in)
                    inputs.push_back(&x);
                return apply(formula, inputs.data(), params.data(), Where::current());
            };
        };
        sample.call_float = call_of(in_float);
        sample.call_double = call_of(in_double);
    }
    return Samples(std::move(list));
}

template Variable<float> apply(
    const FormulaOp<float>&, const Variable<float>* const*, const double*, Where);
template Variable<double> apply(
    const FormulaOp<double>&, const Variable<double>* const*, const double*, Where);

}  // namespace xgrad::detail
