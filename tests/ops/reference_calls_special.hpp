// The special functions, rounding and the further activations by name, as reference_calls.cpp.
#pragma once

#include <tests/ops/reference_case.hpp>

namespace xgrad::test {

template <class T>
void add_special(std::map<std::string, Call<T>>& calls) {
#define UNARY(name) calls[#name] = [](const auto& in, const Json&) { return name(in[0]); }
#define BINARY(name) calls[#name] = [](const auto& in, const Json&) { return name(in[0], in[1]); }
    UNARY(cbrt), UNARY(exp2), UNARY(asinh), UNARY(acosh), UNARY(atanh), UNARY(erfc);
    UNARY(erfinv), UNARY(lgamma), UNARY(digamma), UNARY(trigamma), UNARY(i0), UNARY(i1);
    UNARY(sinc), UNARY(floor), UNARY(ceil), UNARY(trunc), UNARY(round), UNARY(relu6);
    UNARY(hardsigmoid), UNARY(hardswish), UNARY(selu), UNARY(mish), UNARY(softsign);
    UNARY(tanhshrink);
    BINARY(polygamma), BINARY(bessel_i), BINARY(spherical_bessel_j), BINARY(beta), BINARY(hypot);
    BINARY(atan2), BINARY(logaddexp), BINARY(xlogy), BINARY(xlog1py), BINARY(fmod);
    BINARY(remainder), BINARY(heaviside);
#undef UNARY
#undef BINARY
    calls["lerp"] = [](const auto& in, const Json&) { return lerp(in[0], in[1], in[2]); };
    calls["addcmul"] = [](const auto& in, const Json& p) {
        return addcmul(in[0], in[1], in[2], number_of(p, "factor"));
    };
    calls["hardtanh"] = [](const auto& in, const Json& p) {
        return hardtanh(in[0], number_of(p, "low"), number_of(p, "high"));
    };
    calls["hardshrink"] = [](const auto& in, const Json& p) {
        return hardshrink(in[0], number_of(p, "lambda"));
    };
    calls["softshrink"] = [](const auto& in, const Json& p) {
        return softshrink(in[0], number_of(p, "lambda"));
    };
    calls["threshold"] = [](const auto& in, const Json& p) {
        return threshold(in[0], number_of(p, "limit"), number_of(p, "value"));
    };
    calls["celu"] = [](const auto& in, const Json& p) {
        return celu(in[0], number_of(p, "alpha"));
    };
    calls["prelu"] = [](const auto& in, const Json& p) {
        return prelu(in[0], in[1], p.at("axis").get<std::ptrdiff_t>());
    };
    calls["glu"] = [](const auto& in, const Json& p) {
        return glu(in[0], p.at("axis").get<std::ptrdiff_t>());
    };
}

}  // namespace xgrad::test
