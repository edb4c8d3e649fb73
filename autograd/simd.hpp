// Internal to kernel sources, which the build compiles once for each instruction set: the batch
// type of this compilation, and the name its functions live under.
//
// Everything in such a source is either a template on Batch<T>, whose type names the instruction
// set, or inside namespace XGRAD_ISA: no symbol may be shared with another compilation, or the
// linker could hand AVX-512 code to every machine.
#pragma once

#include <autograd/isa.hpp>

#include <xsimd/xsimd.hpp>

#ifndef XGRAD_ISA
#define XGRAD_ISA user
#endif

namespace xgrad::detail {

template <class T>
using Batch = xsimd::batch<T>;

}  // namespace xgrad::detail
