#include <autograd/fail.hpp>
#include <nn/attention.hpp>
#include <ops/activation.hpp>
#include <ops/arithmetic.hpp>
#include <ops/linalg.hpp>
#include <ops/operators.hpp>
#include <ops/shape.hpp>
#include <ops/softmax.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad::nn {

template <class T>
Variable<T> causal_mask(std::size_t places) {
    Array<T> mask(Shape{places, places}, T(0));
    for (std::size_t i = 0; i < places; ++i) {
        T* row = mask.data() + i * places;
        std::fill(row + i + 1, row + places, -std::numeric_limits<T>::infinity());
    }
    return mask;
}
template Variable<float> causal_mask(std::size_t);
template Variable<double> causal_mask(std::size_t);

template <class T>
MultiHeadAttention<T>::MultiHeadAttention(
    std::size_t width, std::size_t heads, Rng& rng, AttentionOptions options)
    : NoiseLayer<T>({rng.bits64(), 0}),
      width_(width),
      heads_(heads),
      options_(options) {
    if (width == 0 || heads == 0 || width % heads != 0) {
        fail<std::invalid_argument>(
            "MultiHeadAttention: {} heads for width {}; heads must divide it, both at least 1",
            heads,
            width);
    }
    if (!(options.keep_prob > 0 && options.keep_prob <= 1)) {
        fail<std::invalid_argument>(
            "MultiHeadAttention: keep_prob is {}; need 0 < keep_prob <= 1", options.keep_prob);
    }
    in_proj_weight =
        this->register_parameter("in_proj_weight", init::lecun_normal<T>({3 * width, width}, rng));
    if (options.bias)
        in_proj_bias = this->register_parameter("in_proj_bias", init::zeros<T>({3 * width}), false);
    out_proj = this->register_module(
        "out_proj",
        std::make_shared<Dense<T>>(width, width, rng, options.bias, init::lecun_normal<T>));
}

// The queries', keys' or values' part of the projection.
template <class T>
Variable<T> MultiHeadAttention<T>::project(const Variable<T>& x, std::size_t part) const {
    if (x.rank() != 3 || x.shape()[2] != width_) {
        fail<ShapeError>("{}: x has shape {}; need (N, places, {})", describe(), x.shape(), width_);
    }
    const std::size_t begin = part * width_, end = begin + width_;
    return linear(
        x,
        slice(in_proj_weight, 0, begin, end),
        in_proj_bias.defined() ? slice(in_proj_bias, 0, begin, end) : Variable<T>());
}

// (N, places, width) to (N, heads, places, width / heads).
template <class T>
Variable<T> MultiHeadAttention<T>::in_heads(const Variable<T>& x) const {
    return transpose(reshape(x, {x.shape()[0], x.shape()[1], heads_, width_ / heads_}), 1, 2);
}

template <class T>
Variable<T> MultiHeadAttention<T>::weigh(
    const Variable<T>& queries,
    const Variable<T>& keys,
    const Variable<T>& values,
    const Variable<T>& mask) {
    const Variable<T> q = in_heads(project(queries, 0)), k = in_heads(project(keys, 1)),
                      v = in_heads(project(values, 2));
    if (keys.shape() != values.shape() || keys.shape()[0] != queries.shape()[0]) {
        fail<ShapeError>(
            "{}: queries {}, keys {}, values {}; need one batch, and a value for each key",
            describe(),
            queries.shape(),
            keys.shape(),
            values.shape());
    }
    const double scale = 1 / std::sqrt(static_cast<double>(width_ / heads_));
    Variable<T> scores = matmul(q * scale, transpose(k, -2, -1));
    if (mask.defined())
        scores = scores + mask;
    Variable<T> weights = softmax(scores);
    if (this->is_training() && options_.keep_prob < 1)
        weights = dropout(weights, options_.keep_prob, this->draw());
    const Variable<T> joined = reshape(transpose(matmul(weights, v), 1, 2), queries.shape());
    return (*out_proj)(joined);
}

template <class T>
Variable<T> MultiHeadAttention<T>::attend(
    const Variable<T>& queries,
    const Variable<T>& keys,
    const Variable<T>& values,
    const Variable<T>& mask) {
    return this->call(
        queries, [&](const Variable<T>& in) { return weigh(in, keys, values, mask); });
}

template <class T>
Variable<T> MultiHeadAttention<T>::operator()(const Variable<T>& x, const Variable<T>& mask) {
    return this->call(x, [&](const Variable<T>& in) { return weigh(in, in, in, mask); });
}

template <class T>
Variable<T> MultiHeadAttention<T>::forward(const Variable<T>& x) {
    return weigh(x, x, x, {});
}

template <class T>
std::string MultiHeadAttention<T>::describe() const {
    return fmt::format(
        "MultiHeadAttention({}, heads {}{})", width_, heads_, options_.bias ? "" : ", no bias");
}

template <class T>
std::size_t MultiHeadAttention<T>::multiply_adds(const Shape& x, const Shape&) const {
    return x[0] * x[1] * width_ * (3 * width_ + 2 * x[1]);
}

template <class T>
void MultiHeadAttention<T>::remake(Copier& copier) const {
    copier.make<nn::MultiHeadAttention>(width_, heads_, copier.rng(), options_);
}

template class MultiHeadAttention<float>;
template class MultiHeadAttention<double>;

template <class T>
TransformerEncoderLayer<T>::TransformerEncoderLayer(
    std::size_t width, std::size_t heads, Rng& rng, TransformerOptions options)
    : width_(width),
      heads_(heads),
      options_(options) {
    const std::size_t inner = options.feedforward;
    const double keep = options.keep_prob;
    const auto add = [this](const char* name, auto module) {
        return this->register_module(name, std::move(module));
    };
    self_attn_ =
        add("self_attn",
            std::make_shared<MultiHeadAttention<T>>(
                width, heads, rng, AttentionOptions{.keep_prob = keep}));
    linear1_ = add("linear1", std::make_shared<Dense<T>>(width, inner, rng));
    dropout_ = add("dropout", std::make_shared<Dropout<T>>(keep, rng));
    linear2_ =
        add("linear2", std::make_shared<Dense<T>>(inner, width, rng, true, init::lecun_normal<T>));
    norm1_ = add("norm1", std::make_shared<LayerNorm<T>>(Shape{width}));
    norm2_ = add("norm2", std::make_shared<LayerNorm<T>>(Shape{width}));
    dropout1_ = add("dropout1", std::make_shared<Dropout<T>>(keep, rng));
    dropout2_ = add("dropout2", std::make_shared<Dropout<T>>(keep, rng));
}

template <class T>
Variable<T> TransformerEncoderLayer<T>::forward(const Variable<T>& x, const Variable<T>& mask) {
    const auto attention = [&](const Variable<T>& in) {
        return (*dropout1_)((*self_attn_)(in, mask));
    };
    const auto dense = [&](const Variable<T>& in) {
        const Variable<T> inner = (*linear1_)(in);
        return (*dropout2_)((*linear2_)((*dropout_)(options_.gelu ? gelu(inner) : relu(inner))));
    };
    if (options_.norm_first) {
        const Variable<T> y = x + attention((*norm1_)(x));
        return y + dense((*norm2_)(y));
    }
    const Variable<T> y = (*norm1_)(x + attention(x));
    return (*norm2_)(y + dense(y));
}

template <class T>
Variable<T> TransformerEncoderLayer<T>::operator()(const Variable<T>& x, const Variable<T>& mask) {
    return this->call(x, [&](const Variable<T>& in) { return forward(in, mask); });
}

template <class T>
Variable<T> TransformerEncoderLayer<T>::forward(const Variable<T>& x) {
    return forward(x, {});
}

template <class T>
std::string TransformerEncoderLayer<T>::describe() const {
    return fmt::format(
        "TransformerEncoderLayer({}, heads {}, feedforward {}{}{})",
        width_,
        heads_,
        options_.feedforward,
        options_.norm_first ? ", norm first" : "",
        options_.gelu ? ", gelu" : "");
}

template <class T>
void TransformerEncoderLayer<T>::remake(Copier& copier) const {
    copier.make<nn::TransformerEncoderLayer>(width_, heads_, copier.rng(), options_);
}

template class TransformerEncoderLayer<float>;
template class TransformerEncoderLayer<double>;

template <class T>
Lambda<T> PositionalEncoding(std::size_t width, std::size_t max_places) {
    if (width == 0)
        fail<std::invalid_argument>("PositionalEncoding: width is 0; need at least 1");
    const auto table = std::make_shared<Array<double>>(Shape{max_places, width});
    for (std::size_t p = 0; p < max_places; ++p) {
        for (std::size_t j = 0; j < width; ++j) {
            const double even = static_cast<double>(j - j % 2);
            const double angle =
                static_cast<double>(p) / std::pow(10000, even / static_cast<double>(width));
            table->data()[p * width + j] = j % 2 == 0 ? std::sin(angle) : std::cos(angle);
        }
    }
    return {
        fmt::format("PositionalEncoding({})", width),
        [table, width, max_places]<class U>(const Variable<U>& x) -> Variable<U> {
            if (x.rank() < 2 || x.shape().back() != width || x.shape()[x.rank() - 2] > max_places) {
                fail<ShapeError>(
                    "x has shape {}; need (..., at most {} places, {})",
                    x.shape(),
                    max_places,
                    width);
            }
            Array<U> part = empty<U>({x.shape()[x.rank() - 2], width});
            std::transform(table->data(), table->data() + part.size(), part.data(), [](double v) {
                return static_cast<U>(v);
            });
            return x + Variable<U>(std::move(part));
        }};
}
template Lambda<float> PositionalEncoding(std::size_t, std::size_t);
template Lambda<double> PositionalEncoding(std::size_t, std::size_t);

}  // namespace xgrad::nn
