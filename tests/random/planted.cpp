#include <tests/random/planted.hpp>
#include <tests/random/row.hpp>

namespace xgrad::test {

const std::vector<Operation>& planted_operations() {
    static const std::vector<Operation> rows = {
        ROW("wrong_rule", fit::one, planted::wrong_rule(a)),
        ROW("wrong_second", fit::one, planted::wrong_second(a)),
        ROW("wrong_in_float", fit::one, planted::wrong_in_float(a)),
        ROW("recorded_differently", fit::one, planted::recorded_differently(a)),
        ROW("leaks", fit::one, planted::leaks(a)),
        ROW("throws", fit::one, planted::throws(a)),
    };
    return rows;
}

}  // namespace xgrad::test
