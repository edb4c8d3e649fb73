#include <tools/gradcheck_crash.hpp>

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace xgrad::detail {
namespace {

constexpr int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::string running;            // written before the op runs, read in the handler
std::array<char, 65536> stack;  // the op may have used up its own
std::array<struct sigaction, std::size(crashes)> before;

void write_all(std::string_view text) {
    static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

// Only what is safe in a signal handler. The default action is back, so the signal ends the
// program when it is raised again.
void report(int signal) {
    write_all("\ngradcheck: ");
    write_all(running);
    write_all(" crashed: ");
    write_all(sigdescr_np(signal));
    write_all("; run it in a debugger, or built with -fsanitize=address\n");
    ::raise(signal);
}

}  // namespace

CrashNote::CrashNote(const Op& op) {
    const std::string_view path = op.where().file_name();
    running = fmt::format(
        "{} ({}:{} of {})",
        op.name(),
        path.substr(path.rfind('/') + 1),
        op.where().line(),
        op.library());
    const stack_t own{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
    ::sigaltstack(&own, nullptr);
    struct sigaction action {};
    action.sa_handler = report;
    action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
    for (std::size_t k = 0; k < before.size(); ++k)
        ::sigaction(crashes[k], &action, &before[k]);
}

CrashNote::~CrashNote() {
    for (std::size_t k = 0; k < before.size(); ++k)
        ::sigaction(crashes[k], &before[k], nullptr);
    const stack_t off{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    ::sigaltstack(&off, nullptr);
}

}  // namespace xgrad::detail
