// Checks a fused formula against the same one op by op.
#pragma once

#include <ops/fused.hpp>
#include <tests/support.hpp>

#include <type_traits>
#include <utility>
#include <vector>

namespace xgrad::test {

// The fused formula and the same one op by op: values and gradients of every input agree, those of
// a second backward too.
template <class T, class F, class... X>
void check_fused(F formula, double tolerance, const X&... arrays) {
    const std::vector<Array<T>> inputs{arrays...};
    const auto run = [&](const auto& f) {
        std::vector<Variable<T>> in;
        for (const Array<T>& array : inputs)
            in.emplace_back(array, true);
        const Variable<T> y = [&]<std::size_t... K>(std::index_sequence<K...>) {
            return Variable<T>(f(in[K]...));
        }
        (std::make_index_sequence<sizeof...(X)>());
        std::vector<Array<T>> results{y.value()};
        if (y.requires_grad()) {
            const Variable<T> seed(random_array<T>(y.shape(), 99));
            const auto gradients = [&](bool retain_graph) {
                std::vector<Array<T>> all;
                for (const auto& g : grad<T>(
                         std::vector{y},
                         in,
                         {.seeds = {seed}, .allow_unused = true, .retain_graph = retain_graph})) {
                    all.push_back(g.defined() ? g.value() : Array<T>(Shape{}, T(0)));
                }
                return all;
            };
            // A second one does not find what the first used up, and computes the same bits.
            const auto first = gradients(true), second = gradients(false);
            CHECK(first == second);
            results.insert(results.end(), first.begin(), first.end());
        }
        return results;
    };
    const auto expected = run(formula);
    const auto got = run(elementwise(formula));
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
        check_close(got[i], expected[i], tolerance);
}

template <class T>
inline constexpr double tolerance = std::is_same_v<T, double> ? 1e-12 : 3e-5;

}  // namespace xgrad::test
