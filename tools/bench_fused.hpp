// The parts of W2 that are compiled for the machine at hand, as a user of elementwise() does.
#pragma once

#include <autograd/variable.hpp>

namespace xgrad::bench {

/// tanh(a x + b) sigmoid(x) + exp(-x^2), as one op.
[[nodiscard]] Variable<float> fused_expression(
    const Variable<float>& x, const Variable<float>& a, const Variable<float>& b);

/// x w + w^2, as one op, of rows of x by the row w.
[[nodiscard]] Variable<float> fused_rows(const Variable<float>& x, const Variable<float>& w);

/// The sum of fused_expression() and its three gradients, by hand: one pass over arrays that are
/// there.
class FloorExpression {
public:
    FloorExpression(const Array<float>& x, const Array<float>& a, const Array<float>& b);
    void run();

private:
    const Array<float>&x_, &a_, &b_;
    Array<float> dx_, da_, db_;
    float sum_ = 0;
};

}  // namespace xgrad::bench
