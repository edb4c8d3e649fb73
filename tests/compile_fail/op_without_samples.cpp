// An op says on what it is checked, or does not compile.
// expect: no matching (function for call to .*Op|constructor for initialization of .*Op)
#include <autograd/op.hpp>

#ifdef CONTROL
const xgrad::Op op("x", xgrad::on({{2}}));
#else
const xgrad::Op op("x");
#endif
