// The wine table [Aeberhard and Forina 1992; data/README.md] for lessons that need few rows.
#pragma once

#include <autograd/error.hpp>
#include <nn/data.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace wine {

constexpr std::size_t features = 13, classes = 3;

/// All 178 rows. Throws IoError when the file is not there.
inline xgrad::data::Dataset<double> load() {
    const std::string path = XGRAD_SOURCE "/examples/data/wine.csv";
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line))  // the names of the columns
        throw xgrad::IoError("wine::load: cannot read " + path + "; need the source tree");
    std::vector<double> values;
    xgrad::data::Labels labels;
    while (std::getline(file, line)) {
        std::istringstream cells(line);
        std::string cell;
        for (std::size_t i = 0; i < features; ++i) {
            std::getline(cells, cell, ',');
            values.push_back(std::stod(cell));
        }
        std::getline(cells, cell);
        labels.push_back(std::stol(cell));
    }
    auto x = xgrad::empty<double>({labels.size(), features});
    std::copy(values.begin(), values.end(), x.data());
    return {std::move(x), std::move(labels), classes};
}

}  // namespace wine
