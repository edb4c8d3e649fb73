// A case that differentiates a function of leaves from a dense gradient of its result.
#pragma once

#include <autograd/variable.hpp>
#include <tools/bench.hpp>

#include <functional>
#include <string>
#include <vector>

namespace xgrad::bench {

struct SeededCase {
    using V = Variable<float>;

    std::string name, label;
    double goal;  ///< of the ratio to the peer; 0: none
    std::function<std::vector<V>()> leaves;
    std::function<V(const std::vector<V>&)> f;
};

/// Measures the cases that the run wants, with the magnitudes of "value" and of the first leaf's
/// "grad".
void run_seeded(const Run& run, const std::string& workload, const std::vector<SeededCase>& cases);

/// Their names and a row for each.
void add_seeded(Workload& to, const std::vector<SeededCase>& cases);

}  // namespace xgrad::bench
