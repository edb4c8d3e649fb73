// The table of operations that random programs are made of.
#pragma once

#include <tests/random/program.hpp>

#include <vector>

namespace xgrad::test {

/// All rows. To add an op, add its row to one of the operations_*.cpp.
[[nodiscard]] const std::vector<Operation>& operations();

[[nodiscard]] std::vector<Operation> elementwise_operations();
[[nodiscard]] std::vector<Operation> special_operations();
[[nodiscard]] std::vector<Operation> bent_operations();
[[nodiscard]] std::vector<Operation> shape_operations();
[[nodiscard]] std::vector<Operation> reduce_operations();
[[nodiscard]] std::vector<Operation> product_operations();
[[nodiscard]] std::vector<Operation> matrix_operations();

/// Operations that are wrong on purpose, by which the checks are checked.
[[nodiscard]] const std::vector<Operation>& planted_operations();

}  // namespace xgrad::test
