#include <autograd/fail.hpp>
#include <nn/search_journal.hpp>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <stdexcept>

namespace xgrad::search {
namespace {

using Json = nlohmann::json;

constexpr int version = 1;
constexpr const char* need_journal = "need a journal of a search, or a path with no file";

// Texts of any bytes, those that are not UTF-8 replaced.
std::string line_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string header_line(const Settings& settings) {
    Json json;
    json["xgrad_search"] = version;
    for (const auto& [name, text] : settings)
        json["settings"][name] = text;
    return line_of(json);
}

Json json_of(const TrialResult& trial) {
    Json json;
    json["trial"] = trial.number;
    json["values"] = Json::object();  // for those who read it; the search draws them again
    for (const auto& [name, value] : trial.values) {
        if (const double* number = std::get_if<double>(&value))
            json["values"][name] = *number;
        else
            json["values"][name] = std::get<std::string>(value);
    }
    json["outcome"] = to_string(trial.outcome);
    json["error"] = std::isnan(trial.error) ? Json() : Json(trial.error);
    json["reports"] = Json::array();
    for (const Report& report : trial.reports)
        json["reports"].push_back({report.epoch, report.error});
    json["why"] = trial.why;
    json["seconds"] = trial.seconds;
    return json;
}

// Throws std::exception for what is not such a line.
TrialResult trial_of(const Json& json) {
    TrialResult trial;
    trial.number = json.at("trial").get<std::size_t>();
    const auto outcome = json.at("outcome").get<std::string>();
    constexpr std::array outcomes{Outcome::complete, Outcome::pruned, Outcome::failed};
    const auto* const found =
        std::ranges::find(outcomes, outcome, [](Outcome o) { return std::string(to_string(o)); });
    const Json& error = json.at("error");
    if (found == outcomes.end() || (*found == Outcome::complete && error.is_null()))
        throw std::invalid_argument("outcome");
    trial.outcome = *found;
    trial.error = error.is_null() ? std::numeric_limits<double>::quiet_NaN() : error.get<double>();
    for (const Json& report : json.at("reports"))
        trial.reports.push_back({report.at(0).get<std::size_t>(), report.at(1).get<double>()});
    trial.why = json.at("why").get<std::string>();
    trial.seconds = json.at("seconds").get<double>();
    return trial;
}

}  // namespace

template <class... Args>
void Journal::refuse(const char* fact_and_need, const Args&... args) const {
    fail<IoError>(
        "search: \"{}\": {}", path_, fmt::vformat(fact_and_need, fmt::make_format_args(args...)));
}

Journal::Journal(const std::filesystem::path& path, const Settings& settings)
    : path_(path.string()) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file_ < 0)
        refuse("{}; need a path that can be written to", std::strerror(errno));
    try {
        struct stat status {};
        if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode))
            refuse("not a regular file; need a journal's path");
        if (::flock(file_, LOCK_EX | LOCK_NB) != 0)
            refuse("in use by another search; need a journal of its own for each");
        read(read_all(), header_line(settings));
    } catch (...) {
        ::close(file_);
        throw;
    }
}

Journal::~Journal() { ::close(file_); }

std::string Journal::read_all() const {
    std::string text;
    std::array<char, 1 << 16> buffer{};
    while (true) {
        const ssize_t n = ::read(file_, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            refuse("reading failed: {}; need a file that can be read", std::strerror(errno));
        if (n == 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

void Journal::read(const std::string& text, const std::string& first_line) {
    std::size_t begin = 0;
    std::size_t line = 0;
    std::set<std::size_t> numbers;
    for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
        const std::string one = text.substr(begin, end - begin);
        if (++line == 1) {
            check_settings(one, first_line);
            continue;
        }
        try {
            trials_.push_back(trial_of(Json::parse(one)));
        } catch (const std::exception&) {
            refuse("line {} is not a trial; need an undamaged journal", line);
        }
        if (!numbers.insert(trials_.back().number).second)
            refuse("line {} is trial {} again; need each once", line, trials_.back().number);
    }
    // Half a first line must be this search's own, or the file may be anyone's.
    if (line == 0 && !first_line.starts_with(text))
        refuse("not a journal; {}", need_journal);
    if (begin < text.size() && ::ftruncate(file_, static_cast<off_t>(begin)) != 0)
        refuse("{}; need a path that can be written to", std::strerror(errno));
    if (line == 0)
        append(first_line);
}

void Journal::check_settings(const std::string& line, const std::string& own) const {
    const Json there = Json::parse(line, nullptr, false);
    if (!there.is_object() || !there.contains("xgrad_search") || !there.contains("settings") ||
        !there["settings"].is_object())
        refuse("not a journal; {}", need_journal);
    if (there["xgrad_search"] != version)
        refuse("version {}; need version {}", there["xgrad_search"].dump(), version);
    const Json here = Json::parse(own)["settings"];
    for (const auto& [name, text] : here.items()) {
        const Json& other = there["settings"].value(name, Json());
        if (other != text) {
            refuse(
                "{} was {}, and is {}; need the same search, or another journal",
                name,
                other.dump(),
                text.dump());
        }
    }
}

void Journal::append(const std::string& line) const {
    const ssize_t n = ::write(file_, line.data(), line.size());
    if (n != static_cast<ssize_t>(line.size())) {
        refuse(
            "writing failed: {}; need room for the journal", std::strerror(n < 0 ? errno : ENOSPC));
    }
    if (::fsync(file_) != 0 && errno != EINVAL && errno != ENOTSUP)
        refuse("syncing failed: {}; need a disk that takes the file", std::strerror(errno));
}

void Journal::add(const TrialResult& trial) { append(line_of(json_of(trial))); }

}  // namespace xgrad::search
