// W11: layers of image networks in float, forward and backward for all leaves.
#include <ops/ops.hpp>
#include <tools/bench_input.hpp>
#include <tools/bench_seeded.hpp>

namespace xgrad::bench {

namespace {

using V = Variable<float>;
using Leaves = std::vector<V>;

SeededCase convolution(
    const char* name,
    const char* label,
    double goal,
    const Shape& x,
    const Shape& w,
    const Conv2dOptions& options) {
    return {
        name,
        label,
        goal,
        [x, w] {
            return Leaves{filled_leaf<float>(x, 1), filled_leaf<float>(w, 2)};
        },
        [options](const Leaves& in) { return conv2d(in[0], in[1], options); }};
}

Leaves images() {
    return {
        filled_leaf<float>({32, 64, 28, 28}, 1, -2, 2),
        filled_leaf<float>({64}, 2, 0.5, 1.5),
        filled_leaf<float>({64}, 3)};
}

Leaves only_images() { return {images().front()}; }

const std::vector<SeededCase>& cases() {
    const Shape x{32, 64, 28, 28};
    const auto norm_of = [](const Leaves& in) { return batch_norm(in[0], in[1], in[2]).y; };
    const auto halved = [](const Leaves& in) { return max_pool2d(in[0], 2); };
    const auto overlapping = [](const Leaves& in) {
        return max_pool2d(in[0], 3, {.stride = 2, .padding = 1});
    };
    const auto average = [](const Leaves& in) { return avg_pool2d(in[0], 2); };
    const auto doubled = [](const Leaves& in) {
        return interpolate(in[0], {.scale = {2, 2}, .mode = Interpolation::bilinear});
    };
    const auto channels_last = [](const Leaves& in) { return permute(in[0], {0, 2, 3, 1}); };
    static const std::vector<SeededCase> list{
        convolution("conv2d", "conv2d 3x3, 64 to 64", 1, x, {64, 64, 3, 3}, {.padding = 1}),
        convolution("pointwise", "conv2d 1x1, 64 to 128", 0, x, {128, 64, 1, 1}, {}),
        convolution(
            "stride2", "conv2d 3x3, stride 2", 0, x, {128, 64, 3, 3}, {.stride = 2, .padding = 1}),
        convolution(
            "depthwise",
            "conv2d 3x3, depthwise",
            0,
            x,
            {64, 1, 3, 3},
            {.padding = 1, .groups = 64}),
        convolution(
            "first", "conv2d 5x5, 3 to 32", 0, {32, 3, 32, 32}, {32, 3, 5, 5}, {.padding = 2}),
        convolution(
            "deep", "conv2d 3x3 of 7x7", 0, {8, 256, 7, 7}, {256, 256, 3, 3}, {.padding = 1}),
        {"batch_norm", "batch norm", 1, images, norm_of},
        {"max_pool2d_2x2", "max pooling 2x2", 1, only_images, halved},
        {"max_pool2d_3x3_s2_p1", "max pooling 3x3, stride 2", 1, only_images, overlapping},
        {"avg_pool2d_2x2", "average pooling 2x2", 0, only_images, average},
        {"bilinear_x2", "bilinear, twice the size", 0, only_images, doubled},
        {"channels_last", "axes permuted, channels last", 0, only_images, channels_last}};
    return list;
}

}  // namespace

Workload image_layers() {
    Workload workload{
        .name = "W11",
        .about = "convolution, batch norm and pooling of 32 images, 64 x 28 x 28",
        .cases = {},
        .run = [](const Run& run) { run_seeded(run, "W11", cases()); },
        .rows = {},
        .program = "w11_image",
        .same = {"value", "grad"}};
    add_seeded(workload, cases());
    return workload;
}

}  // namespace xgrad::bench
