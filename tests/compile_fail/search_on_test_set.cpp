// A search chooses by dev rows: the test set is not taken for them.
// expect: (FitData|no matching)
#include <nn/search_fit.hpp>
#include <nn/test_set.hpp>

void use(
    const xgrad::search::Space& space,
    const xgrad::data::Dataset<float>& train,
    const xgrad::data::Dataset<float>& dev,
    const xgrad::data::TestSet<float>& test,
    const xgrad::search::MakeFit<float>& make) {
#ifdef CONTROL
    static_cast<void>(test);
    static_cast<void>(xgrad::search::search_fit<float>(space, {train, dev}, make));
#else
    static_cast<void>(dev);
    static_cast<void>(xgrad::search::search_fit<float>(space, {train, test}, make));
#endif
}
