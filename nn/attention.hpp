// Attention: MultiHeadAttention, TransformerEncoderLayer, PositionalEncoding. The batch comes
// first: x (N, places, width). Parameters have PyTorch's names.
#pragma once

#include <nn/activation.hpp>
#include <nn/dense.hpp>
#include <nn/dropout.hpp>
#include <nn/normalization.hpp>

#include <memory>
#include <string>

namespace xgrad::nn {

/// A mask to add to the scores (queries, keys) of self-attention: 0 up to the query's own place,
/// -infinity after it.
template <class T>
[[nodiscard]] Variable<T> causal_mask(std::size_t places);

struct AttentionOptions {
    double keep_prob = 1;  ///< of the weights softmax gives
    bool bias = true;
};

/// softmax(q k^T / sqrt(d)) v in each of `heads` parts of d = width / heads, where q, k, v are
/// linear functions of queries, keys and values, then a linear function of all heads [Vaswani et
/// al. 2017, 3.2]. Parameters: "in_proj_weight" (3 width, width), those of q, k and v,
/// "in_proj_bias" (3 width,), "out_proj.weight", "out_proj.bias".
template <class T = float>
class MultiHeadAttention : public NoiseLayer<T> {
public:
    /// Draws the weights by lecun_normal: inputs of variance 1 give q, k, v of variance 1, and
    /// scores, which are divided by sqrt(d), too. Biases start at 0. Throws std::invalid_argument
    /// unless heads divides width, both at least 1, and for keep_prob outside (0, 1].
    MultiHeadAttention(
        std::size_t width, std::size_t heads, Rng& rng, AttentionOptions options = {});

    /// queries (N, L, width), keys and values (N, S, width): (N, L, width). `mask`, where defined,
    /// is added to the scores (N, heads, L, S) and broadcasts to them. Throws ShapeError for shapes
    /// that do not fit. Hooks see the queries as x.
    [[nodiscard]] Variable<T> attend(
        const Variable<T>& queries,
        const Variable<T>& keys,
        const Variable<T>& values,
        const Variable<T>& mask = {});
    using Module<T>::operator();
    /// Self-attention with a mask; hooks see the whole of x.
    [[nodiscard]] Variable<T> operator()(const Variable<T>& x, const Variable<T>& mask);
    /// Self-attention.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;
    /// For self-attention.
    [[nodiscard]] std::size_t multiply_adds(const Shape& x, const Shape& y) const override;

    Variable<T> in_proj_weight;
    Variable<T> in_proj_bias;  ///< undefined without one
    std::shared_ptr<Dense<T>> out_proj;

protected:
    void remake(Copier& copier) const override;

private:
    [[nodiscard]] Variable<T> project(const Variable<T>& x, std::size_t part) const;
    [[nodiscard]] Variable<T> in_heads(const Variable<T>& x) const;
    [[nodiscard]] Variable<T> weigh(
        const Variable<T>& queries,
        const Variable<T>& keys,
        const Variable<T>& values,
        const Variable<T>& mask);

    std::size_t width_, heads_;
    AttentionOptions options_;
};

struct TransformerOptions {
    std::size_t feedforward = 2048;  ///< units between the two dense layers
    double keep_prob = 0.9;          ///< of each dropout, in the attention too
    bool norm_first = false;         ///< normalise what goes into a branch, not the sum after it
    bool gelu = false;               ///< instead of relu
};

/// Self-attention, then two dense layers, each in a residual branch with dropout and LayerNorm
/// [Vaswani et al. 2017, 3.1; norm_first: Xiong et al. 2020]: x (N, places, width). Submodules are
/// named as PyTorch's: "self_attn", "linear1", "linear2", "norm1", "norm2".
template <class T = float>
class TransformerEncoderLayer : public Module<T> {
public:
    /// Dense layers: linear1 by he_normal for the relu (or gelu) after it, linear2 by lecun_normal,
    /// which none follows. Throws as its parts do.
    TransformerEncoderLayer(
        std::size_t width, std::size_t heads, Rng& rng, TransformerOptions options = {});

    using Module<T>::operator();
    /// forward(x, mask), and the hooks, as for x alone.
    [[nodiscard]] Variable<T> operator()(const Variable<T>& x, const Variable<T>& mask);
    /// `mask` as in MultiHeadAttention::attend.
    [[nodiscard]] Variable<T> forward(const Variable<T>& x, const Variable<T>& mask);
    [[nodiscard]] Variable<T> forward(const Variable<T>& x) override;
    [[nodiscard]] std::string describe() const override;

protected:
    void remake(Copier& copier) const override;

private:
    std::size_t width_, heads_;
    TransformerOptions options_;
    std::shared_ptr<MultiHeadAttention<T>> self_attn_;
    std::shared_ptr<Dense<T>> linear1_, linear2_;
    std::shared_ptr<Dropout<T>> dropout_, dropout1_, dropout2_;
    std::shared_ptr<LayerNorm<T>> norm1_, norm2_;
};

/// x (N, places, width) plus sines and cosines of the place, of wavelengths from 2 pi to 10000 2 pi
/// [Vaswani et al. 2017, 3.5]: at place p, element 2 i has sin(p / 10000^(2 i / width)), the next
/// one the cosine. Throws std::invalid_argument for width 0; when called, ShapeError unless x ends
/// in (places <= max_places, width).
template <class T = float>
[[nodiscard]] Lambda<T> PositionalEncoding(std::size_t width, std::size_t max_places = 5000);

}  // namespace xgrad::nn
