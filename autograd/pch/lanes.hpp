// Precompiled for the kernels, once for each instruction set; see arrays.hpp.
#include <autograd/simd.hpp>
#include <autograd/xtensor.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>
