#include <autograd/fail.hpp>
#include <autograd/plugin.hpp>

#include <dlfcn.h>
#include <link.h>

#include <filesystem>
#include <system_error>

namespace xgrad {
namespace {

std::vector<const Op*> ops_of(void* handle) {
    const link_map* map = nullptr;
    std::vector<const Op*> ops;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
        return ops;
    for (const Op* op : all_ops()) {
        if (op->library() == map->l_name)
            ops.push_back(op);
    }
    return ops;
}

// Throws for a library that the loader refused, with what it said.
[[noreturn]] void fail_load(const std::string& path, std::string_view said) {
    constexpr std::string_view mark = "OpLayoutILi";  // in the name of Op's constructor
    const std::size_t at = said.find(mark);
    if (at != said.npos) {
        std::string_view number = said.substr(at + mark.size());
        number = number.substr(0, number.find('E'));
        fail<IoError>(
            "load_ops: {} was compiled with headers of layout {}, this program has {}; compile it "
            "with the headers of this xgrad",
            path,
            number,
            op_layout);
    }
    fail<IoError>(
        "load_ops: {}; need a shared library made for this xgrad, in a program that was linked "
        "with -rdynamic or to the shared libxgrad",
        said);
}

}  // namespace

std::vector<const Op*> load_ops(const std::string& path) {
    std::error_code error;
    const std::string file = std::filesystem::canonical(path, error).string();
    if (error)
        fail<IoError>("load_ops: {}: {}; need the path of a shared library", path, error.message());

    detail::LoadingOps loading;
    void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        fail_load(path, dlerror());
    const std::vector<const Op*> ops = ops_of(handle);
    if (!loading.clashes.empty()) {
        // Closing may leave it loaded, so its ops are taken off here.
        for (const Op* op : ops)
            detail::withdraw_op(op);
        dlclose(handle);
        fail<std::logic_error>(
            "load_ops: {} of {} op(s) of {} clash with what is loaded, the first so: {} (a plug-in "
            "is linked without libxgrad.a)",
            loading.clashes.size(),
            loading.clashes.size() + ops.size(),
            path,
            loading.clashes.front());
    }
    if (ops.empty()) {
        dlclose(handle);
        fail<std::invalid_argument>(
            "load_ops: {} adds no op; need one that defines an xgrad::Op and is linked without "
            "libxgrad.a",
            path);
    }
    // Rules and types of its ops live in graphs: it must not go before they do.
    static_cast<void>(dlopen(file.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE));
    return ops;
}

}  // namespace xgrad
