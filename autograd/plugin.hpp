// load_ops(): ops of a shared library, at run time.
#pragma once

#include <autograd/op.hpp>

#include <string>
#include <vector>

namespace xgrad {

/// Loads a shared library and returns the ops it defines, by name. They are then in all_ops(), too.
///
///     c++ -std=c++20 -shared -fPIC myops.cpp -o libmyops.so $(pkg-config --cflags xgrad)
///     for (const Op* op : load_ops("./libmyops.so")) ...
///
/// The library is built with the compile flags alone: it takes xgrad's functions and its list of
/// ops from the program. So a program on the static libxgrad is linked with -rdynamic (Meson:
/// export_dynamic); with the shared one both link that. It stays loaded until the program ends,
/// since graphs hold its rules. Loading it again gives the same ops.
///
/// Throws IoError when the file cannot be loaded, or was compiled with headers of an xgrad whose
/// classes have another layout, std::logic_error when it defines a name that is
/// taken, and std::invalid_argument when it adds no op to this program's list; then none of its ops
/// is known. An exception of its own static initialisers ends the program.
[[nodiscard]] std::vector<const Op*> load_ops(const std::string& path);

namespace detail {

/// While one is alive on this thread, an Op whose name is taken notes that here and does not throw:
/// nothing can be thrown through the system's loader.
class [[nodiscard]] LoadingOps {
public:
    LoadingOps() noexcept;
    ~LoadingOps();
    LoadingOps(const LoadingOps&) = delete;
    LoadingOps& operator=(const LoadingOps&) = delete;
    std::vector<std::string> clashes;

private:
    std::vector<std::string>* before_;
};

/// Takes an op off the list; nothing when it is not on it.
void withdraw_op(const Op* op);

}  // namespace detail
}  // namespace xgrad
