// A library of ops for gradcheck --load: one is right, one has a wrong rule.
#include <autograd/record.hpp>
#include <ops/ops.hpp>

using xgrad::Array, xgrad::Op, xgrad::Variable;

namespace {

extern const Op cube_op, wrong_cube_op;

template <class T>
Variable<T> cube(const Op& op, const Variable<T>& x, double factor) {
    return record(op, Array<T>(x.value() * x.value() * x.value()))
        .wrt(x, [x = xgrad::keep(x), factor](const Variable<T>& g) {
            return static_cast<T>(factor) * g * *x * *x;
        });
}

const Op cube_op("plugin_cube", xgrad::on({{3, 4}}, [](const auto& in) {
                     return cube(cube_op, in[0], 3);
                 }));
const Op wrong_cube_op("plugin_wrong_cube", xgrad::on({{3, 4}}, [](const auto& in) {
                           return cube(wrong_cube_op, in[0], 6);
                       }));

}  // namespace
