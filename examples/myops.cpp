// A plug-in: ops of your own in a shared library, which a program loads at run time. One through
// each of the three doors of 04_custom_op.cpp, and one whose rule is wrong, for the checker to
// find.
//
//     c++ -std=c++20 -O2 -shared -fPIC myops.cpp -o libmyops.so $(pkg-config --cflags xgrad)
#include <autograd/record.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>

#include <utility>

using xgrad::Array, xgrad::Op, xgrad::Variable;

namespace {

// Door 1: a scalar formula, under a name of its own.
const auto swish = xgrad::elementwise([](auto x, auto slope) { return x * sigmoid(slope * x); });
const Op swish_op("myops_swish", xgrad::on({{3, 4}, {4}}, [](const auto& in) {
                      return swish(in[0], in[1]);
                  }));

// Door 2: a value, and a rule in public ops. (N,K) -> (N,N), y = x x^T.  dx = (g + g^T) x.
template <class T>
Variable<T> gram(const Variable<T>& x);
const Op gram_op("myops_gram", xgrad::on({{3, 4}}, [](const auto& in) { return gram(in[0]); }));

template <class T>
Variable<T> gram(const Variable<T>& x) {
    const Variable<T> value = x.detach();  // the same array, off the tape
    return record(gram_op, matmul(value, transpose(value)).value())
        .wrt(
            x, [x = xgrad::keep(x)](const Variable<T>& g) { return matmul(g + transpose(g), *x); });
}

// Door 3: a value and a rule on plain arrays; the kept input carries its version.
// (N,) -> (N,), y_i = x_i^3.  dx_i = 3 g_i x_i^2.
template <class T>
Variable<T> cube(const Variable<T>& x);
const Op cube_op("myops_cube", xgrad::on({{5}}, [](const auto& in) { return cube(in[0]); }));

template <class T>
Variable<T> cube(const Variable<T>& x) {
    Array<T> y = x.value();
    for (T& element : y)
        element = element * element * element;
    return record(cube_op, std::move(y))
        .wrt(x, [x = xgrad::keep(x)](const Array<T>& g) -> Array<T> {
            const Array<T>& value = (*x).value();
            return T(3) * g * value * value;
        });
}

// Wrong: the rule forgets the 2 of d(x^2) = 2 x dx.
template <class T>
Variable<T> wrong_square(const Variable<T>& x);
const Op wrong_square_op("myops_wrong_square", xgrad::on({{3}}, [](const auto& in) {
                             return wrong_square(in[0]);
                         }));

template <class T>
Variable<T> wrong_square(const Variable<T>& x) {
    return record(wrong_square_op, square(x.detach()).value())
        .wrt(x, [x = xgrad::keep(x)](const Variable<T>& g) { return g * *x; });
}

}  // namespace
