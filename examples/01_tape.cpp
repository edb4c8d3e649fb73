// A value, its gradient, and the gradient of the gradient.
#include <ops/ops.hpp>

#include <cstdio>

int main() {
    using xgrad::Array, xgrad::Variable;

    const Variable<double> x(Array<double>{1, 2, 3}, true);  // true: it asks for a gradient
    const Variable<double> y = sum(x * x * x);

    y.backward();
    const Array<double>& slope = x.grad();  // 3 x^2
    std::printf("y = %g, dy/dx = {%g, %g, %g}\n", y.item(), slope(0), slope(1), slope(2));

    // The same as a value, recorded, so that it can be differentiated once more.
    const Variable<double> dy = grad(sum(x * x * x), x, {.create_graph = true});
    const Variable<double> d2y = grad(sum(dy), x);  // 6 x
    const Array<double>& bend = d2y.value();
    std::printf("d2y/dx2 = {%g, %g, %g}\n", bend(0), bend(1), bend(2));

    const bool right = slope == Array<double>{3, 12, 27} && bend == Array<double>{6, 12, 18};
    return right && y.item() == 36 ? 0 : 1;
}
