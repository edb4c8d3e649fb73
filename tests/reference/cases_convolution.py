"""Cases of the convolutions, their transposes and their weights' gradients."""

import torch
import torch.nn.functional as F

from cases import INF, case, t

# Shapes of x and the weight, options.
ROWS = [
    ((2, 2, 6), (3, 2, 3), {}),
    ((2, 3, 7), (2, 3, 2), {"stride": 2}),
    ((1, 2, 5), (4, 2, 3), {"padding": 2}),
    ((2, 1, 9), (2, 1, 3), {"dilation": 3, "padding": 1}),
    ((2, 4, 6), (6, 2, 3), {"groups": 2, "padding": 1}),
    ((2, 3, 6), (6, 1, 2), {"groups": 3}),
    ((2, 3, 5), (4, 3, 1), {}),
    ((1, 2, 4), (3, 2, 4), {}),  # as long as x
    ((1, 2, 8), (2, 2, 2), {"stride": 3}),  # elements between the windows
    ((2, 4, 9), (2, 2, 3), {"stride": 2, "padding": 3, "dilation": 2, "groups": 2}),
    ((1, 1, 1), (1, 1, 1), {}),
    ((1, 2, 3), (2, 2, 5), {"padding": 4, "stride": 4}),  # windows of zeros alone
    ((0, 2, 6), (3, 2, 3), {"padding": 1}),
    ((1, 5, 12), (18, 5, 3), {"padding": 1}),
]
IMAGES = [
    ((2, 2, 4, 5), (3, 2, 3, 3), {}),
    ((2, 2, 4, 5), (3, 2, 3, 3), {"padding": (1, 1)}),
    ((1, 3, 5, 6), (2, 3, 2, 3), {"stride": (2, 3)}),
    ((1, 2, 5, 7), (2, 2, 2, 3), {"dilation": (3, 2), "padding": (1, 0)}),
    ((2, 4, 3, 4), (6, 2, 2, 2), {"groups": 2, "padding": (0, 1)}),
    ((1, 4, 5, 4), (4, 1, 3, 3), {"groups": 4, "padding": (1, 1), "stride": (2, 1)}),
    ((2, 3, 3, 4), (5, 3, 1, 1), {}),
    ((1, 3, 5, 5), (2, 3, 1, 1), {"stride": (2, 2)}),
    ((1, 2, 3, 4), (3, 2, 3, 4), {}),  # as large as x
    ((1, 2, 3, 4), (2, 2, 4, 1), {"padding": (3, 0), "stride": (2, 3)}),
    ((1, 2, 7, 6), (2, 2, 2, 2), {"stride": (4, 3)}),  # elements between the windows
    ((1, 4, 6, 7), (2, 2, 3, 2), {"stride": (2, 3), "padding": (2, 1), "dilation": (2, 3), "groups": 2}),
    ((1, 2, 1, 6), (2, 2, 1, 3), {"padding": (0, 1)}),
    ((0, 2, 4, 5), (3, 2, 3, 3), {"padding": (1, 1)}),
    ((1, 3, 5, 7), (17, 3, 3, 3), {"padding": (1, 1)}),
    ((1, 1, 18, 20), (1, 1, 5, 5), {"padding": (2, 2), "stride": (2, 2)}),
]
# Weights are (channels, out / groups, kernel) here.
ROWS_BACK = [
    ((2, 2, 4), (2, 3, 3), {}),
    ((2, 2, 4), (2, 3, 3), {"stride": 2}),
    ((2, 2, 4), (2, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    ((1, 3, 4), (3, 2, 2), {"stride": 3, "output_padding": 2}),  # elements that nothing reaches
    ((1, 2, 3), (2, 2, 3), {"dilation": 3, "padding": 2, "output_padding": 2}),
    ((2, 4, 3), (4, 3, 2), {"groups": 2}),
    ((2, 3, 4), (3, 1, 3), {"groups": 3, "padding": 1}),
    ((1, 3, 4), (3, 4, 1), {"stride": 2}),
    ((1, 2, 1), (2, 2, 4), {"padding": 1}),
    ((1, 4, 5), (4, 2, 3), {"stride": 3, "padding": 3, "dilation": 2, "groups": 2, "output_padding": 1}),
    ((1, 2, 5), (2, 2, 2), {"padding": 2}),  # more left out than the kernel adds
    ((0, 2, 4), (2, 3, 3), {"stride": 2}),
]
IMAGES_BACK = [
    ((2, 2, 3, 4), (2, 3, 3, 2), {}),
    ((2, 2, 3, 2), (2, 3, 3, 3), {"stride": (2, 3), "padding": (1, 0)}),
    ((1, 2, 3, 3), (2, 2, 3, 3), {"stride": (2, 2), "padding": (1, 1), "output_padding": (1, 1)}),
    ((1, 2, 2, 3), (2, 2, 2, 2), {"stride": (3, 3), "output_padding": (0, 2)}),
    ((1, 2, 3, 3), (2, 2, 2, 3), {"dilation": (3, 2), "padding": (2, 1), "output_padding": (2, 0)}),
    ((2, 4, 2, 3), (4, 3, 2, 2), {"groups": 2, "padding": (0, 1)}),
    ((1, 3, 3, 3), (3, 1, 3, 3), {"groups": 3, "stride": (2, 1), "padding": (1, 1)}),
    ((2, 3, 2, 2), (3, 4, 1, 1), {}),
    ((1, 3, 2, 2), (3, 2, 1, 1), {"stride": (2, 3)}),
    ((1, 2, 1, 1), (2, 2, 3, 4), {}),
    ((1, 2, 5, 5), (2, 2, 2, 1), {"padding": (2, 1)}),
    ((0, 2, 3, 4), (2, 3, 3, 2), {}),
    ((1, 17, 4, 6), (17, 3, 3, 3), {"padding": (1, 1)}),
]


def biased(name, f, shapes, out_channels):
    """Every second case has a bias."""
    for i, (x, w, options) in enumerate(shapes):
        call = lambda x, w, b=None, o=options: f(x, w, b, **o)
        bias = [(out_channels(w, options),)] if i % 2 else []
        # Sums of many products: float keeps about six digits of the largest.
        yield case(name, call, x, w, *bias, p=options)


def weight_of(f, x, w, options):
    """The gradient of f by a weight, which does not depend on where."""
    def gradient(x, g):
        weight = torch.zeros(w, dtype=x.dtype, requires_grad=True)
        (share,) = torch.autograd.grad(f(x, weight, **options), weight, g, create_graph=True)
        return share
    with torch.no_grad():
        y = f(torch.zeros(x), torch.zeros(w), **options)
    return gradient, tuple(y.shape)


def all_cases():
    forward = lambda w, options: w[0]
    back = lambda w, options: w[1] * options.get("groups", 1)
    yield from biased("conv1d", F.conv1d, ROWS, forward)
    yield from biased("conv2d", F.conv2d, IMAGES, forward)
    yield from biased("conv_transpose1d", F.conv_transpose1d, ROWS_BACK, back)
    yield from biased("conv_transpose2d", F.conv_transpose2d, IMAGES_BACK, back)
    for name, f, shapes in (("conv1d", F.conv1d, ROWS), ("conv2d", F.conv2d, IMAGES)):
        for x, w, options in shapes:
            gradient, y = weight_of(f, x, w, options)
            p = options | {"kernel": w[2:]}
            yield case(name + "_weight_grad", gradient, x, y, p=p)
    # An infinity reaches the windows that hold it, and padding is a product with 0.
    x = t([[[1.0, 2.0, INF, 3.0, 4.0, 5.0]]])
    yield case("conv1d", F.conv1d, x, t([[[1.0, 2.0]]]), order=0)
    yield case("conv2d", F.conv2d, x.unsqueeze(2), t([[[[1.0, 2.0]]]]), order=0)
    yield case("conv_transpose1d", F.conv_transpose1d, x, t([[[1.0, 2.0]]]), order=0)
    f, _ = weight_of(F.conv1d, (1, 1, 6), (1, 1, 2), {})
    g = t([[[1.0, 2.0, 1.0, 1.0, 3.0]]])
    yield case("conv1d_weight_grad", f, x, g, p={"kernel": (2,)}, order=0)
