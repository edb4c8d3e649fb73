#include <autograd/error.hpp>
#include <nn/checkpoint_folder.hpp>
#include <nn/init.hpp>
#include <nn/rng.hpp>
#include <tests/kill/faults.hpp>
#include <tests/kill/file_calls.hpp>

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

namespace xgrad::test {
namespace {

namespace fs = std::filesystem;

using Listing = std::map<std::string, std::string>;  // the bytes by name

Listing listing_of(const fs::path& folder) {
    Listing files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return files;
}

using Errors = std::vector<std::optional<double>>;

// A folder with a checkpoint for each error, of which the next save removes one.
class Subject {
public:
    explicit Subject(fs::path folder, const Errors& errors = Errors(2))
        : folder_(std::move(folder)) {
        fs::remove_all(folder_);
        checkpoint_.track("array", array_).track("step", step_);
        checkpoints_.emplace(folder_, train::CheckpointFolderOptions{.keep = errors.size()});
        for (const std::optional<double> error : errors)
            save(error);
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    void save(std::optional<double> error = {}) {
        array_ = init::normal<float>({300}, rng_);
        ++step_;
        checkpoints_->save(checkpoint_, step_, error);
    }
    [[nodiscard]] Listing files() const { return listing_of(folder_); }
    /// What the newest whole file says.
    std::uint64_t load() {
        checkpoints_->load_latest(checkpoint_);
        return step_;
    }
    /// The file's name.
    std::string load_best() {
        return checkpoints_->load_best(checkpoint_).file.value().path.filename().string();
    }

private:
    fs::path folder_;
    Rng rng_{1};
    Array<float> array_;
    std::uint64_t step_ = 0;
    train::Checkpoint<float> checkpoint_;
    std::optional<train::CheckpointFolder> checkpoints_;
};

// What a save with that fault did, against the listings before it and of one without.
std::string fault_of(Subject& subject, const Listing& old, const Listing& clean, bool threw) {
    const Listing now = subject.files();
    bool has_new = false;
    for (const auto& [name, bytes] : now) {
        const bool is_old = old.contains(name) && old.at(name) == bytes;
        const bool is_new = clean.contains(name) && clean.at(name) == bytes;
        if (!is_old && !is_new)
            return name + " is neither the old file nor the new one";
        has_new = has_new || !is_old;
    }
    if (!has_new && !threw)
        return "the save reported nothing and did nothing";
    if (!has_new && now != old)
        return "an old file is gone";
    const std::uint64_t step = subject.load();
    if (step != (has_new ? 3U : 2U))
        return fmt::format("step {} is loaded", step);
    return "";
}

struct Tally {
    std::map<Call, int> faults;
    int failed = 0;
};

struct Attempt {
    std::optional<Call> hit;  // the call that failed; none when there are not so many
    bool threw = false;
    std::string said;
};

// A save whose call number `index` fails with `code`, and whose writes are short.
Attempt save_with_fault(Subject& subject, int index, int code) {
    Attempt attempt;
    int at = 0;
    const auto before = [&](Call call) {
        if (at++ != index)
            return 0;
        attempt.hit = call;
        return code;
    };
    set_call_hooks({.before = before, .write_limit = 700});
    try {
        subject.save();
    } catch (const IoError& error) {
        attempt.threw = true;
        attempt.said = error.what();
    }
    clear_call_hooks();
    return attempt;
}

// False when a save has fewer calls than that.
bool check_fault(const fs::path& folder, const Listing& clean, int index, int code, Tally& tally) {
    Subject subject(folder);
    const Listing old = subject.files();
    const Attempt attempt = save_with_fault(subject, index, code);
    if (!attempt.hit)
        return false;
    ++tally.faults[*attempt.hit];
    std::string fault = fault_of(subject, old, clean, attempt.threw);
    const bool names_it = attempt.said.find(std::strerror(code)) != std::string::npos;
    if (fault.empty() && *attempt.hit != Call::remove && !names_it)
        fault = "the error says \"" + attempt.said + "\"";
    if (fault.empty()) {
        subject.save();
        subject.save();
        if (subject.files().size() != 2)
            fault = "the next saves leave other files";
    }
    if (!fault.empty()) {
        ++tally.failed;
        fmt::print(
            "  {} fails with \"{}\": {}\n",
            call_names[static_cast<std::size_t>(*attempt.hit)],
            std::strerror(code),
            fault);
    }
    return true;
}

// Each read of a load fails in turn: that says nothing about the files, and all of them stay.
void check_reads(const fs::path& folder, Tally& tally) {
    Subject subject(folder);
    const Listing old = subject.files();
    for (int index = 0, at = 1; index < at; ++index) {
        at = 0;
        set_call_hooks(
            {.before = [&](Call call) { return call == Call::read && at++ == index ? EIO : 0; }});
        std::string said;
        try {
            subject.load();
        } catch (const IoError& error) {
            said = error.what();
        }
        clear_call_hooks();
        if (index >= at)
            break;
        ++tally.faults[Call::read];
        const bool names_it = said.find(std::strerror(EIO)) != std::string::npos;
        if (!names_it || subject.files() != old || subject.load() != 2) {
            ++tally.failed;
            fmt::print("  read {} fails, and the load says \"{}\"\n", index, said);
        }
    }
}

// A file system that cannot sync folders is no fault of the save.
void check_no_sync(const fs::path& folder, const Listing& clean, Tally& tally) {
    for (const int code : {EINVAL, ENOTSUP}) {
        Subject subject(folder);
        set_call_hooks(
            {.before = [code](Call call) { return call == Call::sync_folder ? code : 0; }});
        std::string said;
        try {
            subject.save();
        } catch (const IoError& error) {
            said = error.what();
        }
        clear_call_hooks();
        if (!said.empty() || subject.files() != clean) {
            ++tally.failed;
            fmt::print("  a folder that cannot be synced: \"{}\"\n", said);
        }
    }
}

// What is wrong with the files, if a save that follows load_best() is cut off now: the best one of
// the old must be there, or the new one, and with the new one nothing that was newer than the best.
std::string fault_after_best(const Listing& now, const Listing& old, const std::string& best) {
    bool has_new = false, is_behind = false;
    for (const auto& [name, bytes] : now) {
        const bool is_old = old.contains(name);
        has_new = has_new || (!is_old && name.ends_with(".safetensors"));
        is_behind = is_behind || (is_old && name > best);
    }
    if (has_new && is_behind)
        return "the new file is there, and so is one that was left behind";
    return has_new || now.contains(best) ? "" : "no file is there to go on from";
}

void check_best(const fs::path& folder, Tally& tally) {
    Subject subject(folder, {4, 1, 3, 2});
    const std::string best = subject.load_best();
    const Listing old = subject.files();
    int looks = 0;
    const auto look = [&](Call call) {
        if (call == Call::open || call == Call::read)  // the look itself calls them
            return 0;
        ++looks;
        const std::string fault = fault_after_best(subject.files(), old, best);
        if (!fault.empty()) {
            ++tally.failed;
            fmt::print(
                "  at a {} after load_best: {}\n",
                call_names[static_cast<std::size_t>(call)],
                fault);
        }
        return 0;
    };
    set_call_hooks({.before = look, .after = [&](Call call) { static_cast<void>(look(call)); }});
    subject.save(0.5);
    clear_call_hooks();
    if (looks < 12 || subject.files().size() != 3) {
        ++tally.failed;
        fmt::print("  after load_best: {} looks, {} files\n", looks, subject.files().size());
    }
}

// The kernel's own limit in the place of a full disk.
std::string check_limit(const fs::path& folder, const Listing& clean) {
    Subject subject(folder);
    const Listing old = subject.files();
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit small{1000, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    bool threw = false;
    try {
        subject.save();
    } catch (const IoError&) {
        threw = true;
    }
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return threw ? fault_of(subject, old, clean, threw) : "a file above the limit was written";
}

// Its calls but for open, those that repeat once.
std::string order_of_save(Subject& subject) {
    std::vector<std::string> names;
    set_call_hooks({.before = [&](Call call) {
        const char* name = call_names[static_cast<std::size_t>(call)];
        const bool is_change = call != Call::open && call != Call::read;
        if (is_change && (names.empty() || names.back() != name))
            names.emplace_back(name);
        return 0;
    }});
    subject.save();
    clear_call_hooks();
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

int check_faults(const fs::path& folder) {
    Subject subject(folder);
    Tally tally;
    if (const std::string order = order_of_save(subject);
        order != "write, sync of the file, rename, sync of the folder, remove") {
        ++tally.failed;
        fmt::print("  a save is in the order {}\n", order);
    }
    const Listing clean = subject.files();
    for (const int code : {ENOSPC, EIO, EDQUOT, EROFS}) {
        for (int index = 0; check_fault(folder, clean, index, code, tally); ++index) {}
    }
    check_reads(folder, tally);
    check_no_sync(folder, clean, tally);
    check_best(folder, tally);
    for (const auto& [call, count] : tally.faults) {
        fmt::print("  {:<20} failed {} times\n", call_names[static_cast<std::size_t>(call)], count);
    }
    const std::string limit = check_limit(folder, clean);
    if (!limit.empty()) {
        ++tally.failed;
        fmt::print("  a limit on the size of files: {}\n", limit);
    }
    if (tally.faults.size() != call_names.size()) {
        ++tally.failed;
        fmt::print("  only {} kinds of calls were made\n", tally.faults.size());
    }
    return tally.failed;
}

}  // namespace xgrad::test
