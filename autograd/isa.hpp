// Instruction sets: kernels are compiled once for each and chosen at run time.
#pragma once

namespace xgrad {

enum class Isa { sse2, avx2, avx512 };

/// The best the machine has; XGRAD_ISA=sse2|avx2|avx512 in the environment lowers it.
[[nodiscard]] Isa active_isa() noexcept;
/// "sse2", "avx2" or "avx512".
[[nodiscard]] const char* name_of(Isa isa) noexcept;

namespace detail {

/// The slot of one table of kernels. Each instruction set's object file offers its own from a
/// static initialiser; the best that runs here stays. No function of Table may be called before
/// main() from another file's static initialiser.
struct KernelSlot {
    const void* table = nullptr;
    int level = -1;
};

/// Not a template and not inline: an inline copy compiled for AVX-512 could be the one the linker
/// keeps for every machine. Returns true.
bool offer_kernels(KernelSlot& slot, Isa isa, const void* table) noexcept;

template <class Table>
inline KernelSlot kernel_slot;

template <class Table>
[[nodiscard]] const Table& kernels() noexcept {
    return *static_cast<const Table*>(kernel_slot<Table>.table);
}

}  // namespace detail
}  // namespace xgrad
