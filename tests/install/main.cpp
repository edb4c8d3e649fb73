// A user's program, built against the installed copy alone.

#include <nn/nn.hpp>

#include <algorithm>
#include <cstdio>

int main() {
    using xgrad::Array, xgrad::Variable;

    const Variable<double> x(Array<double>{{1, 2}, {3, 4}}, true);
    const Variable<double> y = sum(x * x);
    y.backward();

    const Array<double> expected{{2, 4}, {6, 8}};
    if (!std::equal(expected.begin(), expected.end(), x.grad().begin(), x.grad().end())) {
        std::puts("the gradient of sum(x * x) is not 2x");
        return 1;
    }
    std::puts("OK");
    return 0;
}
