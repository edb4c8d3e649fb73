// What the tests of trajectories share: the stored runs, how they are compared, what needs one.
#pragma once

#include <autograd/array.hpp>
#include <tests/support.hpp>

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace xgrad::test {

using Json = nlohmann::json;

inline constexpr double tolerance = 1e-10;

/// The folder of the reference values: $XGRAD_TEST_REFERENCE, or tests/reference.
std::string reference_folder();

/// A file of that folder; the test fails when it is not there.
Json stored(const std::string& name);

/// The relative difference; weights pass 0 on their way, so that it is absolute below 1e-3.
double difference(double got, double want);

/// The largest relative difference to the stored values; fails above the tolerance.
double compare(const Array<double>& got, const Json& expected);

/// What headers of the library declare, so that a new one is missed.
std::set<std::string> declared(const std::vector<std::string>& headers, const char* pattern);

void check_covered(const std::set<std::string>& names, const Json& runs, const std::string& script);

}  // namespace xgrad::test
