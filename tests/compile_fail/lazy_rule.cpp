// A rule that returns a lazy expression would hand out references to its dead locals.
// expect: declare the rule '-> Array<T>': a lazy expression would outlive its locals
#include <autograd/record.hpp>

using namespace xgrad;

Variable<double> twice(const Op& op, const Variable<double>& x) {
    return record(op, Array<double>(x.value() * 2.0))
#ifdef CONTROL
        .wrt(x, [](const Array<double>& g) -> Array<double> { return g * 2.0; });
#else
        .wrt(x, [](const Array<double>& g) { return g * 2.0; });
#endif
}
