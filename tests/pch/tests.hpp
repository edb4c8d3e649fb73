// Precompiled for the tests; see autograd/pch/arrays.hpp.
#include <autograd/pch/arrays.hpp>
#include <ops/ops.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
