#include <autograd/broadcast.hpp>
#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_faults.hpp>

namespace xgrad {
namespace {

template <class T>
Variable<T> only_first(Variable<T> g, const Shape& shape) {
    while (g.rank() > shape.size())
        g = squeeze(slice(g, 0, 0, 1), {0});
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (shape[axis] == 1)
            g = slice(g, static_cast<std::ptrdiff_t>(axis), 0, 1);
    }
    return g;
}

// The gradient of x as the fault has it. x has the shape given.
template <class T>
Variable<T> wrong_share(const Variable<T>& g, const Fault& fault, const Shape& shape) {
    const T factor = static_cast<T>(1 + fault.size);
    switch (fault.kind) {
        case FaultKind::sign: return -g;
        case FaultKind::factor: return factor * g;
        case FaultKind::dropped: return T(0) * g;
        case FaultKind::transposed: return transpose(g);
        case FaultKind::unsummed: return only_first(g, shape);
        case FaultKind::shifted: return roll(g, 1, -1);
        case FaultKind::element: {
            Array<T> mask(shape, T(1));
            mask.data()[faulty_element(shape)] = factor;
            return g * Variable<T>(std::move(mask));
        }
        case FaultKind::stale: break;
    }
    return g;
}

template <class T>
Variable<T> call(
    const OpFunction<T>& f, std::vector<Variable<T>> inputs, const Op& op, Fault fault) {
    Variable<T>& x = inputs.at(fault.input);
    if (x.size() == 0)
        return f(inputs);
    if (fault.kind == FaultKind::stale) {
        // The value of f(x) with the gradient of f at other values of x.
        const Variable<T> y = f(inputs);
        const Array<T> moved = x.value() + static_cast<T>(fault.size);
        x = record(op, moved).wrt(x, [](const Variable<T>& g) { return g; });
        const Variable<T> z = f(inputs);
        return record(op, Array<T>(y.value())).wrt(z, [](const Variable<T>& g) { return g; });
    }
    Array<T> value = x.value();
    if (fault.kind == FaultKind::unsummed) {
        Shape wide;
        {
            const NoGradGuard off;
            wide = f(inputs).shape();
        }
        value = xt::broadcast(x.value(), wide);
    }
    x = record(op, std::move(value)).wrt(x, [fault, shape = x.shape()](const Variable<T>& g) {
        return wrong_share(g, fault, shape);
    });
    return f(inputs);
}

// The input is broadcast to the output's shape, in `sample`.
bool is_broadcast(const Sample& sample, std::size_t input) {
    Shape wide;
    for (const Shape& shape : sample.shapes) {
        if (count(shape) > count(wide))
            wide = shape;
    }
    try {
        return broadcast_shape("fault", sample.shapes[input], wide) == wide &&
               count(sample.shapes[input]) < count(wide);
    } catch (const ShapeError&) {
        return false;
    }
}

}  // namespace

std::string describe(const Fault& fault) {
    switch (fault.kind) {
        case FaultKind::sign: return "sign";
        case FaultKind::factor: return fmt::format("factor {}", 1 + fault.size);
        case FaultKind::dropped: return "dropped term";
        case FaultKind::transposed: return "transposed";
        case FaultKind::unsummed: return "missing broadcast sum";
        case FaultKind::stale: return "stale value";
        case FaultKind::shifted: return "off by one index";
        case FaultKind::element: break;
    }
    return "one element";
}

std::string expected_cause(const Fault& fault) {
    switch (fault.kind) {
        case FaultKind::sign: return "sign";
        case FaultKind::factor: return "factor";
        case FaultKind::dropped: return "zero";
        case FaultKind::transposed: return "transposed";
        case FaultKind::unsummed: return "broadcast";
        case FaultKind::stale: return "value";
        case FaultKind::shifted: return "shifted";
        case FaultKind::element: break;
    }
    return "only 1 of";
}

std::vector<Fault> possible_faults(const Sample& sample) {
    std::vector<Fault> all;
    for (std::size_t i = 0; i < sample.shapes.size(); ++i) {
        if (sample.fixed.contains(i))
            continue;
        const Shape& shape = sample.shapes[i];
        all.push_back({FaultKind::sign, i});
        all.push_back({FaultKind::factor, i, 1});
        all.push_back({FaultKind::factor, i, 1e-5});
        all.push_back({FaultKind::dropped, i});
        all.push_back({FaultKind::stale, i, 0.0625});
        if (count(shape) > 2)
            all.push_back({FaultKind::element, i, 0.5});
        if (!shape.empty() && shape.back() > 1)
            all.push_back({FaultKind::shifted, i});
        if (shape.size() == 2 && shape[0] == shape[1] && shape[0] > 1)
            all.push_back({FaultKind::transposed, i});
        if (is_broadcast(sample, i))
            all.push_back({FaultKind::unsummed, i});
    }
    return all;
}

Sample spoiled(const Op& op, const Sample& sample, const Fault& fault) {
    Sample next = sample;
    next.call_float = [&op, f = sample.call_float, fault](const auto& in) {
        return call(f, in, op, fault);
    };
    next.call_double = [&op, f = sample.call_double, fault](const auto& in) {
        return call(f, in, op, fault);
    };
    return next;
}

std::size_t faulty_element(const Shape& shape) { return count(shape) / 2; }

}  // namespace xgrad
