#include <autograd/fail.hpp>
#include <tools/run_json.hpp>
#include <tools/run_read.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

namespace xgrad::report {
namespace {

namespace fs = std::filesystem;

// What the file should hold is missing or of another type: said with the file's name.
template <class F>
auto in_file(const fs::path& file, F read) {
    try {
        return read();
    } catch (const Json::exception& error) {
        const std::string what = error.what();
        const std::size_t at = what.find("] ");
        fail<IoError>(
            "{}: {}; need what a RunRecorder writes",
            file.string(),
            at == std::string::npos ? what : what.substr(at + 2));
    }
}

double number_of(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null())
        return std::numeric_limits<double>::quiet_NaN();
    return found->get<double>();
}

train::EpochRecord epoch_of(const Json& json) {
    train::EpochRecord record;
    record.train = {number_of(json, "train_cost"), number_of(json, "train_error")};
    record.dev = {number_of(json, "dev_cost"), number_of(json, "dev_error")};
    record.lr = number_of(json, "lr");
    record.seconds = number_of(json, "seconds");
    if (json.contains("metrics")) {
        for (const auto& [name, value] : json["metrics"].items())
            record.metrics[name] = number_of(json["metrics"], name.c_str());
    }
    return record;
}

train::History read_history(const fs::path& path) {
    train::History history;
    std::ifstream file(path, std::ios::binary);
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        if (file.eof())
            break;  // without its line end it is not whole
        ++number;
        try {
            history.push_back(epoch_of(Json::parse(line)));
        } catch (const Json::exception&) {
            fail<IoError>("{}: line {} is no epoch's record", path.string(), number);
        }
    }
    return history;
}

bool is_locked(const fs::path& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return false;
    const bool locked = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(file);
    return locked;
}

// The number at text[at], which is moved behind it.
std::size_t digits_at(const std::string& text, std::size_t& at) {
    std::size_t value = 0;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at)
        value = 10 * value + static_cast<std::size_t>(text[at] - '0');
    return value;
}

}  // namespace

void read_verdicts(
    const fs::path& path, std::vector<Verdict>& verdicts, std::map<std::string, double>& results) {
    const Json json = read_json(path);
    in_file(path, [&] {
        for (const Json& verdict : json.at("verdicts"))
            verdicts.push_back({verdict.at("name"), verdict.at("text"), verdict.at("details")});
        for (const auto& [name, value] : json.at("results").items())
            results[name] = number_of(json["results"], name.c_str());
    });
}

const char* to_string(RunRecord::Status status) noexcept {
    switch (status) {
        case RunRecord::Status::finished: return "finished";
        case RunRecord::Status::stopped: return "stopped";
        case RunRecord::Status::running: return "running";
        default: return "unfinished";
    }
}

bool RunRecord::has_dev() const noexcept {
    return std::ranges::any_of(
        history, [](const train::EpochRecord& epoch) { return std::isfinite(epoch.dev.cost); });
}

std::size_t RunRecord::best_epoch() const noexcept {
    const bool dev = has_dev();
    double best = std::numeric_limits<double>::infinity();
    std::size_t at = 0;
    for (std::size_t i = 0; i < history.size(); ++i) {
        const double error = dev ? history[i].dev.error : history[i].train.error;
        if (error < best) {
            best = error;
            at = i + 1;
        }
    }
    return at;
}

double RunRecord::seconds() const noexcept {
    double sum = 0;
    for (const train::EpochRecord& epoch : history)
        sum += epoch.seconds;
    return sum;
}

RunRecord read_run(const fs::path& folder) {
    RunRecord run;
    run.folder = folder;
    const fs::path file = folder / "run.json";
    const Json state = read_json(file);
    in_file(file, [&] {
        const std::string status = state.at("status");
        if (status == "finished")
            run.status = RunRecord::Status::finished;
        else if (status == "stopped")
            run.status = RunRecord::Status::stopped;
        else if (is_locked(folder))
            run.status = RunRecord::Status::running;
        run.started = state.at("started");
        run.stopped = state.value("stopped", "");
    });
    const Json settings = read_json(folder / "settings.json");
    in_file(folder / "settings.json", [&] {
        run.settings = settings_of(settings.at("run"));
        run.settings.merge(settings_of(settings.at("fit")));
    });
    const Json place = read_json(folder / "environment.json");
    in_file(folder / "environment.json", [&] { run.environment = settings_of(place); });
    run.environment.erase("earlier");
    read_verdicts(folder / "verdicts.json", run.verdicts, run.results);
    run.history = read_history(folder / "metrics.jsonl");
    return run;
}

bool name_before(const std::string& a, const std::string& b) noexcept {
    const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    std::size_t i = 0, k = 0;
    while (i < a.size() && k < b.size()) {
        if (is_digit(a[i]) && is_digit(b[k])) {
            const std::size_t left = digits_at(a, i), right = digits_at(b, k);
            if (left != right)
                return left < right;
        } else if (a[i] != b[k]) {
            return a[i] < b[k];
        } else {
            ++i;
            ++k;
        }
    }
    return a.size() - i < b.size() - k;
}

std::vector<fs::path> find_runs(const fs::path& top) {
    std::error_code error;
    if (!fs::is_directory(top, error))
        fail<IoError>("{}: is no folder; need one with runs below it", top.string());
    std::vector<fs::path> found;
    if (fs::exists(top / "run.json"))
        found.push_back(top);
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator entry(top, options, error), end; entry != end && !error;
         entry.increment(error)) {
        std::error_code ignored;  // what may not be read holds no run for us
        if (entry->is_directory(ignored) && fs::exists(entry->path() / "run.json", ignored))
            found.push_back(entry->path());
    }
    if (error)
        fail<IoError>("{}: cannot be searched: {}", top.string(), error.message());
    std::ranges::sort(found, [](const fs::path& a, const fs::path& b) {
        return name_before(a.string(), b.string());
    });
    return found;
}

}  // namespace xgrad::report
