// Only float and double have gradients.
// expect: T is float or double
#include <autograd/variable.hpp>

#ifdef CONTROL
xgrad::Variable<float> x;
#else
xgrad::Variable<int> x;
#endif
