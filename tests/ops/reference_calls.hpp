// The ops by name, called as a case of tests/reference/ops.json says.
#pragma once

#include <tests/ops/reference_case.hpp>

#include <map>
#include <string>

namespace xgrad::test {

/// Every op that has reference values: one row an op, in reference_calls.cpp. T: float, double.
template <class T>
std::map<std::string, Call<T>> reference_calls();

}  // namespace xgrad::test
