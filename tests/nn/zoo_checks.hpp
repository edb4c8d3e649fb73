// What is checked of each row of the zoo.
#pragma once

#include <tests/nn/zoo.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace xgrad::test {

/// What was found for a row: for the table, and what is wrong.
struct ZooResult {
    std::string describe;
    Shape output;
    std::size_t parameters = 0;
    double gradient = 0;    ///< gradcheck's worst relative error
    double single = 0;      ///< the largest difference between float and double
    double reference = -1;  ///< and between ours and PyTorch's; -1: nothing to compare with
    std::vector<std::string> faults;
};

/// All checks of a row; `reference` is PyTorch's part of nn_modules.json for it, or null.
[[nodiscard]] ZooResult check_row(const ZooRow& row, const nlohmann::json& reference);

}  // namespace xgrad::test
