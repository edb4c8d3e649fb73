// Internal to the operations_*.cpp: how a row is written.
#pragma once

#include <ops/ops.hpp>
#include <tests/random/fit.hpp>
#include <tests/random/operations.hpp>

// A row: name, operands, and the call in terms of the operands a, b, c, the parameters p and the
// element type T. The text of the call is what a failing program prints.
#define ROW(name, fit, ...) \
    { name, fit, CALL(float, __VA_ARGS__), CALL(double, __VA_ARGS__), TEXT(__VA_ARGS__) }
// The same for an operation with a kink.
#define BENT(name, fit, ...) \
    { name, fit, CALL(float, __VA_ARGS__), CALL(double, __VA_ARGS__), TEXT(__VA_ARGS__), true }
#define TEXT(...) TEXT_OF(__VA_ARGS__)
#define TEXT_OF(...) #__VA_ARGS__
#define CALL(type, ...)                                                                    \
    [](const VariableList<type>& in, [[maybe_unused]] const Params& p) -> Variable<type> { \
        using T [[maybe_unused]] = type;                                                   \
        [[maybe_unused]] const Variable<T>& a = in[0];                                     \
        [[maybe_unused]] const Variable<T>& b = in[in.size() > 1 ? 1 : 0];                 \
        [[maybe_unused]] const Variable<T>& c = in[in.size() > 2 ? 2 : 0];                 \
        return __VA_ARGS__;                                                                \
    }
