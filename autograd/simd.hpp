// Internal to kernel sources, which the build compiles once for each instruction set: the batch
// type of this compilation, and the name its functions live under.
//
// Everything in such a source is either a template on Batch<T>, whose type names the instruction
// set, or inside namespace XGRAD_ISA: no symbol may be shared with another compilation, or the
// linker could hand AVX-512 code to every machine.
#pragma once

#include <autograd/isa.hpp>

#ifndef XGRAD_ISA
#define XGRAD_ISA user
#endif

// Two functions of xsimd for the large arguments of sin, cos and tan are neither templates nor in
// a namespace of the instruction set: their names say it here.
#define XGRAD_JOIN(a, b) a##_##b
#define XGRAD_NAME(a, b) XGRAD_JOIN(a, b)
#define __ieee754_rem_pio2 XGRAD_NAME(ieee754_rem_pio2, XGRAD_ISA)
#define __kernel_rem_pio2 XGRAD_NAME(kernel_rem_pio2, XGRAD_ISA)
#include <xsimd/xsimd.hpp>
#undef __kernel_rem_pio2
#undef __ieee754_rem_pio2
#undef XGRAD_NAME
#undef XGRAD_JOIN

namespace xgrad::detail {

template <class T>
using Batch = xsimd::batch<T>;

}  // namespace xgrad::detail
