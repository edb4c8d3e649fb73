#include <tests/kill/file_calls.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <utility>

namespace xgrad::test {
namespace {

// Never destroyed: libc may call until the end.
CallHooks* current = nullptr;

// The call between its hooks.
template <class Make>
long watched(Call call, Make make) {
    if (!current)
        return make();
    if (const int code = current->before ? current->before(call) : 0; code != 0) {
        errno = code;
        return -1;
    }
    const long result = make();
    const int code = errno;
    if (current->after)
        current->after(call);
    errno = code;
    return result;
}

Call sync_call(int descriptor) {
    struct stat status {};
    const bool is_folder = ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
    return is_folder ? Call::sync_folder : Call::sync_file;
}

}  // namespace

void set_call_hooks(CallHooks hooks) {
    clear_call_hooks();
    current = new CallHooks(std::move(hooks));
}

void clear_call_hooks() { delete std::exchange(current, nullptr); }

}  // namespace xgrad::test

using xgrad::test::Call;
using xgrad::test::current;
using xgrad::test::watched;

extern "C" {

int open(const char* path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return static_cast<int>(
        watched(Call::open, [&] { return ::syscall(SYS_openat, AT_FDCWD, path, flags, mode); }));
}

ssize_t write(int descriptor, const void* data, std::size_t bytes) {
    const std::size_t taken = current ? std::min(bytes, current->write_limit) : bytes;
    return watched(Call::write, [&] { return ::syscall(SYS_write, descriptor, data, taken); });
}

ssize_t read(int descriptor, void* to, std::size_t bytes) {
    return watched(Call::read, [&] { return ::syscall(SYS_read, descriptor, to, bytes); });
}

int fsync(int descriptor) {
    return static_cast<int>(xgrad::test::watched(
        xgrad::test::sync_call(descriptor), [&] { return ::syscall(SYS_fsync, descriptor); }));
}

int rename(const char* from, const char* to) noexcept {
    return static_cast<int>(watched(
        Call::rename, [&] { return ::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0U); }));
}

int unlink(const char* path) noexcept {
    return static_cast<int>(
        watched(Call::remove, [&] { return ::syscall(SYS_unlinkat, AT_FDCWD, path, 0); }));
}

int remove(const char* path) noexcept {
    const int result = ::unlink(path);
    return result != 0 && errno == EISDIR ? ::rmdir(path) : result;
}
}
