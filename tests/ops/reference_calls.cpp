// The ops by name, called as a case of tests/reference/ops.json says.
#include <ops/ops.hpp>
#include <tests/ops/reference_calls.hpp>
#include <tests/ops/reference_calls_convolution.hpp>
#include <tests/ops/reference_calls_linalg.hpp>
#include <tests/ops/reference_calls_normalization.hpp>
#include <tests/ops/reference_calls_pooling.hpp>
#include <tests/ops/reference_calls_recurrent.hpp>
#include <tests/ops/reference_calls_special.hpp>
#include <tests/ops/reference_calls_statistic.hpp>
#include <tests/ops/reference_calls_structure.hpp>

#include <utility>

namespace xgrad::test {

template <class T>
void add_elementwise(std::map<std::string, Call<T>>& calls) {
#define UNARY(name) calls[#name] = [](const auto& in, const Json&) { return name(in[0]); }
#define BINARY(name) calls[#name] = [](const auto& in, const Json&) { return name(in[0], in[1]); }
    UNARY(neg), UNARY(abs), UNARY(sign), UNARY(square), UNARY(sqrt), UNARY(rsqrt);
    UNARY(reciprocal), UNARY(exp), UNARY(expm1), UNARY(log), UNARY(log1p), UNARY(log2);
    UNARY(log10), UNARY(sin), UNARY(cos), UNARY(tan), UNARY(asin), UNARY(acos), UNARY(atan);
    UNARY(sinh), UNARY(cosh), UNARY(tanh), UNARY(erf), UNARY(sigmoid), UNARY(log_sigmoid);
    UNARY(softplus), UNARY(relu), UNARY(gelu), UNARY(silu);
    BINARY(add), BINARY(sub), BINARY(mul), BINARY(div), BINARY(pow), BINARY(minimum);
    BINARY(maximum), BINARY(greater), BINARY(greater_equal), BINARY(less), BINARY(less_equal);
    BINARY(equal), BINARY(not_equal), BINARY(matmul), BINARY(dot), BINARY(outer);
#undef UNARY
#undef BINARY
    calls["leaky_relu"] = [](const auto& in, const Json& p) {
        return leaky_relu(in[0], number_of(p, "slope"));
    };
    calls["elu"] = [](const auto& in, const Json& p) { return elu(in[0], number_of(p, "alpha")); };
    calls["clamp"] = [](const auto& in, const Json& p) {
        return clamp(in[0], number_of(p, "low"), number_of(p, "high"));
    };
    calls["pow_scalar"] = [](const auto& in, const Json& p) {
        return pow(in[0], number_of(p, "exponent"));
    };
    calls["where"] = [](const auto& in, const Json&) { return where(in[0], in[1], in[2]); };
    calls["linear"] = [](const auto& in, const Json&) {
        return in.size() == 3 ? linear(in[0], in[1], in[2]) : linear(in[0], in[1]);
    };
    calls["softmax"] = [](const auto& in, const Json& p) { return softmax(in[0], axis_of(p)); };
    calls["log_softmax"] = [](const auto& in, const Json& p) {
        return log_softmax(in[0], axis_of(p));
    };
}

template <class T>
void add_reductions(std::map<std::string, Call<T>>& calls) {
#define REDUCTION(name)                                                \
    calls[#name] = [](const auto& in, const Json& p) {                 \
        return name(in[0], axes_of(p), p.at("keep_dims").get<bool>()); \
    }
    REDUCTION(sum), REDUCTION(mean), REDUCTION(max), REDUCTION(min), REDUCTION(prod);
    REDUCTION(logsumexp);
#undef REDUCTION
    calls["variance"] = [](const auto& in, const Json& p) {
        return variance(
            in[0], axes_of(p), p.at("keep_dims").get<bool>(), p.at("ddof").get<std::size_t>());
    };
    calls["stddev"] = [](const auto& in, const Json& p) {
        return stddev(
            in[0], axes_of(p), p.at("keep_dims").get<bool>(), p.at("ddof").get<std::size_t>());
    };
#define LOSS(name) \
    calls[#name] = [](const auto& in, const Json& p) { return name(in[0], in[1], reduction_of(p)); }
    LOSS(mse_loss), LOSS(l1_loss), LOSS(binary_cross_entropy_with_logits);
    LOSS(binary_cross_entropy);
#undef LOSS
    calls["huber_loss"] = [](const auto& in, const Json& p) {
        return huber_loss(in[0], in[1], 0.75, reduction_of(p));
    };
    calls["smooth_l1_loss"] = [](const auto& in, const Json& p) {
        return smooth_l1_loss(in[0], in[1], number_of(p, "beta"), reduction_of(p));
    };
    calls["nll_loss"] = [](const auto& in, const Json& p) {
        const auto labels = indices_of(p.at("labels"));
        if (!p.contains("weights"))
            return nll_loss(in[0], labels, reduction_of(p));
        NllOptions options;
        options.class_weights = p.at("weights").template get<std::vector<double>>();
        options.ignore_index = p.value("ignore", options.ignore_index);
        options.reduction = reduction_of(p);
        return nll_loss(in[0], labels, options);
    };
}

template <class T>
void add_shapes(std::map<std::string, Call<T>>& calls) {
    calls["reshape"] = [](const auto& in, const Json& p) {
        return reshape(in[0], shape_of(p.at("shape")));
    };
    calls["broadcast_to"] = [](const auto& in, const Json& p) {
        return broadcast_to(in[0], shape_of(p.at("shape")));
    };
    calls["sum_to"] = [](const auto& in, const Json& p) {
        return sum_to(in[0], shape_of(p.at("shape")));
    };
    calls["flatten"] = [](const auto& in, const Json& p) {
        return flatten(
            in[0], p.at("first").get<std::ptrdiff_t>(), p.at("last").get<std::ptrdiff_t>());
    };
    calls["permute"] = [](const auto& in, const Json& p) {
        return permute(in[0], p.at("order").get<std::vector<std::ptrdiff_t>>());
    };
    calls["transpose"] = [](const auto& in, const Json& p) {
        return transpose(in[0], p.at("a").get<std::ptrdiff_t>(), p.at("b").get<std::ptrdiff_t>());
    };
    calls["squeeze"] = [](const auto& in, const Json& p) { return squeeze(in[0], axes_of(p)); };
    calls["unsqueeze"] = [](const auto& in, const Json& p) { return unsqueeze(in[0], axis_of(p)); };
    calls["concatenate"] = [](const auto& in, const Json& p) {
        return concatenate(in, axis_of(p));
    };
    calls["stack"] = [](const auto& in, const Json& p) { return stack(in, axis_of(p)); };
    calls["slice"] = [](const auto& in, const Json& p) {
        return slice(
            in[0],
            axis_of(p),
            p.at("begin").get<std::size_t>(),
            p.at("end").get<std::size_t>(),
            p.at("step").get<std::size_t>());
    };
    calls["pad"] = [](const auto& in, const Json& p) {
        const auto widths = p.at("widths").get<std::vector<std::pair<std::size_t, std::size_t>>>();
        return pad(in[0], widths, number_of(p, "value"));
    };
    calls["gather"] = [](const auto& in, const Json& p) {
        return gather(in[0], axis_of(p), indices_of(p.at("indices")));
    };
    calls["scatter_add"] = [](const auto& in, const Json& p) {
        return scatter_add(
            in[0], axis_of(p), indices_of(p.at("indices")), p.at("extent").get<std::size_t>());
    };
    calls["take_along"] = [](const auto& in, const Json& p) {
        return take_along(in[0], index_array_of(p.at("indices")), axis_of(p));
    };
    calls["put_along"] = [](const auto& in, const Json& p) {
        return put_along(
            in[0], index_array_of(p.at("indices")), axis_of(p), p.at("extent").get<std::size_t>());
    };
}

template <class T>
std::map<std::string, Call<T>> reference_calls() {
    std::map<std::string, Call<T>> calls;
    add_elementwise(calls);
    add_reductions(calls);
    add_shapes(calls);
    add_convolutions(calls);
    add_linalg(calls);
    add_pooling(calls);
    add_special(calls);
    add_structure(calls);
    add_statistic(calls);
    add_normalization(calls);
    add_recurrent(calls);
    return calls;
}

template std::map<std::string, Call<float>> reference_calls<float>();
template std::map<std::string, Call<double>> reference_calls<double>();

}  // namespace xgrad::test
