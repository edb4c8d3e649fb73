// The test set is no dataset: what trains or chooses does not take it.
// expect: no matching (function|constructor)
#include <nn/data.hpp>
#include <nn/test_set.hpp>

void use(xgrad::data::TestSet<float>& test) {
#ifdef CONTROL
    xgrad::data::DataLoader<float> loader(test.look("the final score"));
#else
    xgrad::data::DataLoader<float> loader(test);
#endif
}
