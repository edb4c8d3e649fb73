#include <tools/bench.hpp>
#include <tools/bench_process.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace xgrad::bench {

namespace {

bool changes_measurement(std::string_view variable) {
    for (const char* start :
         {"OPENBLAS_",
          "ONEDNN_",
          "DNNL_",
          "MALLOC_",
          "ATEN_CPU_CAPABILITY=",
          "THREADS=",
          "BUDGET=",
          "TAG=",
          "ONLY="}) {
        if (variable.starts_with(start))
            return true;
    }
    return false;
}

std::vector<std::string> environment_of(const Environment& set) {
    std::vector<std::string> all;
    for (char** variable = environ; *variable; ++variable) {
        const std::string_view text = *variable;
        const std::string name(text.substr(0, text.find('=')));
        if (!changes_measurement(text) && !set.contains(name))
            all.emplace_back(text);
    }
    for (const auto& [name, value] : set)
        all.push_back(name + "=" + value);
    return all;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (const std::string& text : texts)
        all.push_back(const_cast<char*>(text.c_str()));
    all.push_back(nullptr);
    return all;
}

std::string read_all(int file) {
    std::string text;
    char part[4096];
    for (ssize_t n = read(file, part, sizeof part); n > 0; n = read(file, part, sizeof part))
        text.append(part, static_cast<std::size_t>(n));
    close(file);
    return text;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double used_by(int whom) {
    rusage usage{};
    getrusage(whom, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Finished run_program(const std::vector<std::string>& command, const Environment& set, bool errors) {
    const auto environment = environment_of(set);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error("bench: pipe failed");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (errors)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    pid_t child = 0;
    const int failure = posix_spawnp(
        &child,
        command[0].c_str(),
        &actions,
        nullptr,
        pointers(command).data(),
        pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    std::string output = read_all(ends[0]);
    if (failure != 0)
        return {false, std::strerror(failure), {}};
    int status = 0;
    waitpid(child, &status, 0);
    const bool signalled = WIFSIGNALED(status);
    return {
        status == 0,
        signalled ? fmt::format("signal {}", WTERMSIG(status))
                  : fmt::format("exit code {}", WEXITSTATUS(status)),
        std::move(output)};
}

std::size_t processors() {
    return static_cast<std::size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

Load load_now() {
    // user nice system idle iowait irq softirq steal, in ticks
    std::ifstream stat("/proc/stat");
    std::string word;
    stat >> word;
    double busy = 0, ticks = 0;
    for (int field = 0; field < 8 && stat >> ticks; ++field) {
        if (field != 3 && field != 4)
            busy += ticks;
    }
    return {
        busy / static_cast<double>(sysconf(_SC_CLK_TCK)),
        used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN),
        now().wall * 1e-9};
}

double Load::others_since() const {
    const Load at = load_now();
    const double others = (at.all - all) - (at.own - own);
    const double whole = static_cast<double>(processors()) * (at.wall - wall);
    return whole > 0 ? std::clamp(others / whole, 0.0, 1.0) : 0;
}

}  // namespace xgrad::bench
