#include <autograd/fail.hpp>
#include <nn/csv.hpp>
#include <tools/report.hpp>
#include <tools/run_environment.hpp>
#include <tools/run_folder.hpp>
#include <tools/run_json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

namespace xgrad::report {
namespace {

namespace fs = std::filesystem;

std::string csv_head(bool has_dev, const std::vector<std::string>& metrics) {
    std::string line = "epoch,train_cost,train_error,";
    line += has_dev ? "dev_cost,dev_error,lr,seconds" : "lr,seconds";
    for (const std::string& name : metrics)
        line += fmt::format(",{}", data::csv_field(name));
    return line + "\n";
}

// The digits give each number back, bit for bit; what is not known is an empty cell.
std::string csv_line(
    std::size_t epoch,
    const train::EpochRecord& record,
    bool has_dev,
    const std::vector<std::string>& metrics) {
    std::string line = fmt::format("{},{},{}", epoch, record.train.cost, record.train.error);
    if (has_dev)
        line += fmt::format(",{},{}", record.dev.cost, record.dev.error);
    line += fmt::format(",{},{}", record.lr, record.seconds);
    for (const std::string& name : metrics) {
        const auto found = record.metrics.find(name);
        line += found == record.metrics.end() ? "," : fmt::format(",{}", found->second);
    }
    return line + "\n";
}

std::string json_line(std::size_t epoch, const train::EpochRecord& record, bool has_dev) {
    Json json = {
        {"epoch", epoch},
        {"train_cost", json_of(record.train.cost)},
        {"train_error", json_of(record.train.error)}};
    if (has_dev) {
        json["dev_cost"] = json_of(record.dev.cost);
        json["dev_error"] = json_of(record.dev.error);
    }
    json["lr"] = json_of(record.lr);
    json["seconds"] = json_of(record.seconds);
    if (!record.metrics.empty()) {
        for (const auto& [name, value] : record.metrics)
            json["metrics"][name] = json_of(value);
    }
    return line_of(json);
}

void append(const fs::path& path, const std::string& line) {
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file << line;
    file.close();
    if (!file)
        fail<IoError>("{}: {} bytes could not be written", path.string(), line.size());
}

}  // namespace

fs::path new_run_folder(const fs::path& parent, const std::string& name) {
    if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) {
        fail<std::invalid_argument>(
            "new_run_folder: the name is \"{}\"; need one without slash that does not start with "
            "a dot",
            name);
    }
    std::error_code error;
    fs::create_directories(parent, error);
    for (std::size_t number = 1; !error; ++number) {
        const fs::path folder = parent / (number == 1 ? name : fmt::format("{}-{}", name, number));
        if (fs::create_directory(folder, error))
            return folder;
        // A file of that name is in the way as a folder is.
        if (fs::exists(fs::symlink_status(folder)))
            error.clear();
    }
    fail<IoError>("{}: no folder can be made there: {}", parent.string(), error.message());
}

RunFolder::RunFolder(fs::path folder, RunOptions options)
    : folder_(std::move(folder)),
      options_(std::move(options)) {
    if (options_.seed)
        options_.settings["seed"] = *options_.seed;
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error)
        fail<IoError>("{}: cannot be made: {}", folder_.string(), error.message());
    lock();
    try {
        open();
    } catch (...) {
        ::close(lock_);
        throw;
    }
}

RunFolder::~RunFolder() {
    if (lock_ >= 0)
        ::close(lock_);
}

// The lock ends with the process, however that ends: a reader sees who is still at work.
void RunFolder::lock() {
    lock_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ < 0)
        fail<IoError>("{}: cannot be opened; need a folder", folder_.string());
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        ::close(lock_);
        fail<IoError>(
            "{}: another run is writing there; need a folder of its own", folder_.string());
    }
}

void RunFolder::open() {
    const fs::path file = folder_ / "run.json";
    if (!fs::exists(file)) {
        for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
            if (!entry.is_directory()) {
                fail<IoError>(
                    "{}: holds {} and no run.json; need a new or empty folder, or that of a run",
                    folder_.string(),
                    entry.path().filename().string());
            }
        }
        started_ = utc_date();
    } else {
        const Json run = read_json(file);
        if (run.value("status", "") == "finished") {
            fail<IoError>(
                "{}: holds a finished run; need another folder, as new_run_folder() makes",
                folder_.string());
        }
        started_ = run.value("started", utc_date());
        resumed_ = run.value("resumed", std::vector<std::string>());
        resumed_.push_back(utc_date());
        if (fs::exists(folder_ / "verdicts.json"))
            read_verdicts(folder_ / "verdicts.json", verdicts_, results_);
    }
    const Json run = {{"status", "started"}, {"started", started_}, {"resumed", resumed_}};
    write_file(file, text_of(run));
    Json place = json_of(environment(options_.source));
    if (!resumed_.empty() && fs::exists(folder_ / "environment.json")) {
        Json before = read_json(folder_ / "environment.json");
        Json earlier = before.value("earlier", Json::array());
        before.erase("earlier");
        earlier.push_back(before);
        place["earlier"] = earlier;
    }
    write_file(folder_ / "environment.json", text_of(place));
    write_file(
        folder_ / "settings.json",
        text_of({{"run", json_of(options_.settings)}, {"fit", nullptr}}));
    write_verdicts();
}

void RunFolder::verdict(const Verdict& verdict) {
    const auto same = std::ranges::find(verdicts_, verdict.name, &Verdict::name);
    if (same == verdicts_.end())
        verdicts_.push_back(verdict);
    else
        *same = verdict;
    write_verdicts();
}

void RunFolder::result(const std::string& name, double value) {
    results_[name] = value;
    write_verdicts();
}

void RunFolder::write_verdicts() const {
    Json verdicts = Json::array(), results = Json::object();
    for (const Verdict& verdict : verdicts_) {
        verdicts.push_back(
            {{"name", verdict.name}, {"text", verdict.text}, {"details", verdict.details}});
    }
    for (const auto& [name, value] : results_)
        results[name] = json_of(value);
    write_file(folder_ / "verdicts.json", text_of({{"verdicts", verdicts}, {"results", results}}));
}

std::vector<std::string> RunFolder::names_in(const train::History& history) const {
    std::set<std::string> names;
    for (const train::EpochRecord& record : history) {
        for (const auto& [name, value] : record.metrics)
            names.insert(name);
    }
    return {names.begin(), names.end()};
}

void RunFolder::write_metrics(const train::History& history) {
    metrics_ = names_in(history);
    std::string csv = csv_head(has_dev_, metrics_), json;
    for (std::size_t i = 0; i < history.size(); ++i) {
        csv += csv_line(i + 1, history[i], has_dev_, metrics_);
        json += json_line(i + 1, history[i], has_dev_);
    }
    write_file(folder_ / "metrics.csv", csv);
    write_file(folder_ / "metrics.jsonl", json);
}

void RunFolder::start(const Settings& fit, const train::History& history, bool has_dev) {
    has_dev_ = has_dev;
    write_file(
        folder_ / "settings.json",
        text_of({{"run", json_of(options_.settings)}, {"fit", json_of(fit)}}));
    write_metrics(history);
}

void RunFolder::epoch(const train::History& history) {
    // The columns stand in the first line: a name that was not there before starts the file anew.
    const bool same_columns = std::ranges::all_of(history.back().metrics, [&](const auto& metric) {
        return std::ranges::binary_search(metrics_, metric.first);
    });
    if (!same_columns || history.size() == 1) {
        write_metrics(history);
        return;
    }
    append(folder_ / "metrics.csv", csv_line(history.size(), history.back(), has_dev_, metrics_));
    append(folder_ / "metrics.jsonl", json_line(history.size(), history.back(), has_dev_));
}

void RunFolder::finish(const train::History& history, const std::string& stopped) {
    double seconds = 0;
    for (const train::EpochRecord& record : history)
        seconds += record.seconds;
    const Json run = {
        {"status", stopped.empty() ? "finished" : "stopped"},
        {"started", started_},
        {"resumed", resumed_},
        {"finished", utc_date()},
        {"epochs", history.size()},
        {"seconds", seconds},
        {"stopped", stopped}};
    write_file(folder_ / "run.json", text_of(run));
}

}  // namespace xgrad::report
