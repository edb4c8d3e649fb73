// The special functions, rounding and the further activations by name, for reference_calls.hpp.
#pragma once

#include <ops/ops.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <map>
#include <string>

namespace xgrad::test {

/// Calls is the map of reference_calls.hpp.
template <class Calls>
void add_special(Calls& calls) {
    using Json = nlohmann::json;
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
    const auto number = [](const Json& p, const char* name) { return p.at(name).get<double>(); };
    calls["lerp"] = [](const auto& in, const Json&) { return lerp(in[0], in[1], in[2]); };
    calls["addcmul"] = [number](const auto& in, const Json& p) {
        return addcmul(in[0], in[1], in[2], number(p, "factor"));
    };
    calls["hardtanh"] = [number](const auto& in, const Json& p) {
        return hardtanh(in[0], number(p, "low"), number(p, "high"));
    };
    calls["hardshrink"] = [number](const auto& in, const Json& p) {
        return hardshrink(in[0], number(p, "lambda"));
    };
    calls["softshrink"] = [number](const auto& in, const Json& p) {
        return softshrink(in[0], number(p, "lambda"));
    };
    calls["threshold"] = [number](const auto& in, const Json& p) {
        return threshold(in[0], number(p, "limit"), number(p, "value"));
    };
    calls["celu"] = [number](const auto& in, const Json& p) {
        return celu(in[0], number(p, "alpha"));
    };
    calls["prelu"] = [](const auto& in, const Json& p) {
        return prelu(in[0], in[1], p.at("axis").get<std::ptrdiff_t>());
    };
    calls["glu"] = [](const auto& in, const Json& p) {
        return glu(in[0], p.at("axis").get<std::ptrdiff_t>());
    };
}

}  // namespace xgrad::test
