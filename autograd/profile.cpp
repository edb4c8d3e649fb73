#include <autograd/op.hpp>
#include <autograd/profile.hpp>
#include <autograd/profiling.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string_view>

namespace xgrad {

struct ProfileGuard::Events {
    struct Event {
        const Op* op;
        Where where;
        double start, end;  // seconds
        std::size_t bytes;
        bool is_backward;
    };
    std::vector<Event> list;
    Events* outer = nullptr;
};

// Opens the guard's record to the functions the tape calls.
struct ProfileAccess {
    using Events = ProfileGuard::Events;
};

namespace detail {

thread_local constinit bool profiling = false;

namespace {

using Events = ProfileAccess::Events;

thread_local constinit Events* active = nullptr;
thread_local constinit double called = 0;  // when the op at hand was called
thread_local constinit double ended = 0;   // when the last one had its result
thread_local constinit int rules = 0;      // how many are running, one inside another

double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void mark_call() noexcept { called = now(); }

void note_forward(const Op* op, const Where& where, std::size_t bytes) {
    const double end = now();
    if (rules == 0)
        active->list.push_back({op, where, std::max(called, ended), end, bytes, false});
    ended = now();
}

TimedRule::TimedRule(const Op* op, const Where& where) noexcept
    : op_(profiling ? op : nullptr),
      where_(&where),
      start_(op_ ? now() : 0) {
    if (op_)
        ++rules;
}

TimedRule::~TimedRule() {
    if (!op_)
        return;
    ended = now();
    if (--rules == 0)
        active->list.push_back({op_, *where_, start_, ended, 0, true});
}

}  // namespace detail

ProfileGuard::ProfileGuard() : events_(std::make_unique<Events>()) {
    events_->outer = std::exchange(detail::active, events_.get());
    detail::profiling = true;
    detail::called = detail::ended = detail::now();
}

ProfileGuard::~ProfileGuard() {
    detail::active = events_->outer;
    detail::profiling = detail::active != nullptr;
}

std::vector<OpProfile> ProfileGuard::ops() const {
    std::map<std::string, OpProfile> by_name;
    for (const Events::Event& event : events_->list) {
        OpProfile& row = by_name[event.op->name()];
        row.op = event.op->name();
        (event.is_backward ? row.backward_calls : row.calls) += 1;
        (event.is_backward ? row.backward_seconds : row.forward_seconds) += event.end - event.start;
        row.bytes += event.bytes;
    }
    std::vector<OpProfile> rows;
    for (auto& [name, row] : by_name)
        rows.push_back(std::move(row));
    std::ranges::stable_sort(rows, std::greater<>(), [](const OpProfile& row) {
        return row.forward_seconds + row.backward_seconds;
    });
    return rows;
}

std::string ProfileGuard::to_string() const {
    std::string text = fmt::format(
        "{:<24} {:>8} {:>12} {:>8} {:>12} {:>12}\n",
        "op",
        "calls",
        "forward ms",
        "rules",
        "backward ms",
        "KiB");
    for (const OpProfile& row : ops()) {
        text += fmt::format(
            "{:<24} {:>8} {:>12.3f} {:>8} {:>12.3f} {:>12.1f}\n",
            row.op,
            row.calls,
            1e3 * row.forward_seconds,
            row.backward_calls,
            1e3 * row.backward_seconds,
            static_cast<double>(row.bytes) / 1024);
    }
    return text;
}

namespace {

std::string json_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return result + '"';
}

}  // namespace

std::string ProfileGuard::trace() const {
    std::string json = "{\"traceEvents\":[";
    const double start = events_->list.empty() ? 0 : events_->list.front().start;
    for (const Events::Event& event : events_->list) {
        const std::string_view path = event.where.file_name();
        json += fmt::format(
            "{}\n{{\"name\":{},\"cat\":\"{}\",\"ph\":\"X\",\"ts\":{:.3f},\"dur\":{:.3f},\"pid\":1,"
            "\"tid\":1,\"args\":{{\"line\":{},\"bytes\":{}}}}}",
            &event == &events_->list.front() ? "" : ",",
            json_string(event.op->name()),
            event.is_backward ? "backward" : "forward",
            1e6 * (event.start - start),
            1e6 * (event.end - event.start),
            json_string(fmt::format("{}:{}", path.substr(path.rfind('/') + 1), event.where.line())),
            event.bytes);
    }
    return json + "\n]}\n";
}

}  // namespace xgrad
