// W11: layers of image networks, forward + backward for all leaves, float, from a dense cotangent.
#include "bench.h"
namespace f = torch::nn::functional;
using torch::Tensor;
template <class F>
static void run(const std::string& name, std::vector<Tensor> leaves, F fn) {
    bench::seeded("W11", name, std::move(leaves), fn);
}
static void convolution(
    const std::string& name,
    std::vector<int64_t> x_shape,
    std::vector<int64_t> w_shape,
    const f::Conv2dFuncOptions& options) {
    if (!bench::wanted(name))
        return;
    auto x = bench::filled(x_shape, 1).requires_grad_(),
         w = bench::filled(w_shape, 2).requires_grad_();
    run(name, {x, w}, [&] { return f::conv2d(x, w, options); });
}
int main() {
    bench::init();
    using O = f::Conv2dFuncOptions;
    convolution("conv2d", {32, 64, 28, 28}, {64, 64, 3, 3}, O().padding(1));
    convolution("pointwise", {32, 64, 28, 28}, {128, 64, 1, 1}, O());
    convolution("stride2", {32, 64, 28, 28}, {128, 64, 3, 3}, O().stride(2).padding(1));
    convolution("depthwise", {32, 64, 28, 28}, {64, 1, 3, 3}, O().padding(1).groups(64));
    convolution("first", {32, 3, 32, 32}, {32, 3, 5, 5}, O().padding(2));
    convolution("deep", {8, 256, 7, 7}, {256, 256, 3, 3}, O().padding(1));
    auto x = bench::filled({32, 64, 28, 28}, 1, -2, 2).requires_grad_();
    auto w = bench::filled({64}, 2, 0.5, 1.5).requires_grad_(),
         b = bench::filled({64}, 3).requires_grad_();
    run("batch_norm", {x, w, b}, [&] {
        return torch::batch_norm(x, w, b, {}, {}, true, 0.1, 1e-5, false);
    });
    run("max_pool2d_2x2", {x}, [&] { return torch::max_pool2d(x, 2); });
    run("max_pool2d_3x3_s2_p1", {x}, [&] { return torch::max_pool2d(x, 3, 2, 1); });
    run("avg_pool2d_2x2", {x}, [&] { return torch::avg_pool2d(x, 2); });
    run("bilinear_x2", {x}, [&] { return torch::upsample_bilinear2d(x, {56, 56}, false); });
    run("channels_last", {x}, [&] { return x.permute({0, 2, 3, 1}).contiguous(); });
}
