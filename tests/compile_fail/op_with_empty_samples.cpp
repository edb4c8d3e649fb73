// An empty list of samples is no sample.
// expect: (no matching|ambiguous|could not convert|no matching function|cannot convert)
#include <autograd/op.hpp>

#ifdef CONTROL
const xgrad::Op op("x", {xgrad::on({{2}})});
#else
const xgrad::Op op("x", {});
#endif
