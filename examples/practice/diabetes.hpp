// The diabetes table [Efron, Hastie, Johnstone and Tibshirani 2004; data/README.md]: ten
// measurements of 442 patients, and how far the disease has come a year later.
#pragma once

#include <autograd/error.hpp>
#include <nn/data.hpp>

#include <array>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace diabetes {

constexpr std::array<const char*, 10> features = {
    "age", "sex", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glu"};

/// x (442, 10) and targets (442). Throws IoError when the file is not there.
inline xgrad::data::Dataset<double> load() {
    const std::string path = XGRAD_SOURCE "/examples/data/diabetes.csv";
    std::ifstream file(path);
    std::string names;
    if (!std::getline(file, names))
        throw xgrad::IoError("diabetes::load: cannot read " + path + "; need the source tree");
    std::vector<double> numbers;
    for (double number; file >> number; file.ignore(1))  // a comma or the line's end
        numbers.push_back(number);
    const std::size_t columns = features.size() + 1, rows = numbers.size() / columns;
    auto x = xgrad::empty<double>({rows, features.size()});
    auto y = xgrad::empty<double>({rows});
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < features.size(); ++j)
            x(i, j) = numbers[i * columns + j];
        y(i) = numbers[i * columns + features.size()];
    }
    return {std::move(x), std::move(y)};
}

}  // namespace diabetes
