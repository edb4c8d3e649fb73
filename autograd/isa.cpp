#include <autograd/isa.hpp>

#include <cstdlib>
#include <string_view>

namespace xgrad {
namespace {

Isa detect() noexcept {
    __builtin_cpu_init();
    Isa best = Isa::sse2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        best = Isa::avx2;
    if (best == Isa::avx2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        best = Isa::avx512;
    }
    const char* wanted = std::getenv("XGRAD_ISA");
    if (!wanted)
        return best;
    for (const Isa isa : {Isa::sse2, Isa::avx2, Isa::avx512}) {
        if (std::string_view(wanted) == name_of(isa) && isa < best)
            return isa;
    }
    return best;
}

}  // namespace

Isa active_isa() noexcept {
    static const Isa isa = detect();
    return isa;
}

const char* name_of(Isa isa) noexcept {
    switch (isa) {
        case Isa::sse2: return "sse2";
        case Isa::avx2: return "avx2";
        case Isa::avx512: return "avx512";
    }
    return "?";
}

bool detail::offer_kernels(KernelSlot& slot, Isa isa, const void* table) noexcept {
    const int level = static_cast<int>(isa);
    if (isa <= active_isa() && level > slot.level) {
        slot.level = level;
        slot.table = table;
    }
    return true;
}

}  // namespace xgrad
