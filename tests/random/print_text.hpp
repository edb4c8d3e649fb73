// Internal to print.cpp: what every printed program has before and after its own part.
#pragma once

#include <string_view>

namespace xgrad::test {

inline constexpr std::string_view head = R"(
using namespace xgrad;

template <class T>
using List = std::vector<Variable<T>>;

struct Options {
    bool checkpoints = true;
    std::map<int, Array<double>>* held = nullptr;  // what is not differentiated stays as it was
};

template <class T>
Array<T> array(const Shape& shape, const std::vector<double>& numbers) {
    Array<T> result(shape);
    std::copy(numbers.begin(), numbers.end(), result.begin());
    return result;
}

// Numbers without a pattern.
template <class T>
Array<T> wave(const Shape& shape, std::size_t phase) {
    Array<T> values(shape);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double x = std::sin(1.0 + 2.7 * static_cast<double>(i * i + 1) + 1.3 * double(phase));
        values.data()[i] = static_cast<T>(static_cast<float>(x));
    }
    return values;
}

template <class F>
auto unrecorded(F f) {
    const NoGradGuard guard;
    return f();
}

template <class T, class F>
Variable<T> held(Options o, int node, F f) {
    if (!o.held)
        return f();
    const auto found = o.held->find(node);
    if (found != o.held->end())
        return Variable<T>(Array<T>(xt::cast<T>(found->second)));
    const Variable<T> value = f();
    (*o.held)[node] = xt::cast<double>(value.value());
    return value;
}

)";

inline constexpr std::string_view tail = R"(
template <class T>
Variable<T> loss(const List<T>& x, Options o = {}) {
    Variable<T> total(0);
    std::size_t phase = 1000;
    for (const Variable<T>& y : program<T>(x, o))
        total = total + sum(y * Variable<T>(wave<T>(y.shape(), phase++)));
    return total;
}

template <class T>
double inner(const List<T>& g) {
    double total = 0;
    for (std::size_t k = 0; k < g.size(); ++k) {
        const Array<T> direction = wave<T>(g[k].shape(), k);
        for (std::size_t i = 0; i < direction.size(); ++i)
            total += double(g[k].value().data()[i]) * double(direction.data()[i]);
    }
    return total;
}

template <class T>
List<T> gradient(const List<T>& x, Options o = {}, bool create_graph = false) {
    const Variable<T> y = loss(x, o);
    List<T> g(x.size());
    if (y.requires_grad())
        g = grad(List<T>{y}, x, {.create_graph = create_graph, .allow_unused = true});
    for (std::size_t k = 0; k < x.size(); ++k) {
        if (!g[k].defined())
            g[k] = Variable<T>(Array<T>(xt::zeros<T>(x[k].shape())));
    }
    return g;
}

template <class T>
List<T> directions(const List<T>& x) {
    List<T> u;
    for (const Variable<T>& input : x)
        u.emplace_back(wave<T>(input.shape(), u.size()));
    return u;
}

template <class F>
double difference(F f, double h) {
    return (45 * (f(h) - f(-h)) - 9 * (f(2 * h) - f(-2 * h)) + f(3 * h) - f(-3 * h)) / (60 * h);
}

// How many elements differ.
double differing(const List<double>& a, const List<double>& b) {
    double total = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        for (std::size_t i = 0; i < a[k].size(); ++i)
            total += a[k].value().data()[i] != b[k].value().data()[i];
    }
    return total;
}

)";

}  // namespace xgrad::test
