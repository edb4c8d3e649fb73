#include <autograd/profile.hpp>
#include <autograd/record.hpp>
#include <ops/checkpoint.hpp>
#include <ops/fused.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <set>
#include <sstream>
#include <string>
#include <thread>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using V = Variable<double>;

const OpProfile& row_of(const std::vector<OpProfile>& rows, const std::string& op) {
    static const OpProfile none;
    for (const OpProfile& row : rows) {
        if (row.op == op)
            return row;
    }
    return none;
}

}  // namespace

TEST_CASE("ProfileGuard counts calls, rules and bytes of every op") {
    const V x(random_array<double>({100, 50}, 1), true), w(random_array<double>({50, 20}, 2), true);
    const ProfileGuard profile;
    for (int i = 0; i < 3; ++i)
        sum(tanh(matmul(x, w))).backward();
    const auto rows = profile.ops();
    for (const char* op : {"matmul", "tanh", "sum"}) {
        CHECK(row_of(rows, op).calls == 3);
        CHECK(row_of(rows, op).backward_calls == 3);
        CHECK(row_of(rows, op).forward_seconds > 0);
        CHECK(row_of(rows, op).backward_seconds > 0);
    }
    CHECK(row_of(rows, "tanh").bytes == 3 * 100 * 20 * sizeof(double));
    CHECK(row_of(rows, "broadcast_to").calls == 0);  // sum's rule: its time is sum's
    for (std::size_t i = 1; i < rows.size(); ++i) {
        CHECK(
            rows[i - 1].forward_seconds + rows[i - 1].backward_seconds >=
            rows[i].forward_seconds + rows[i].backward_seconds);
    }
    CHECK(profile.to_string().find("matmul") != std::string::npos);
}

TEST_CASE("ProfileGuard: time outside of ops is nobody's") {
    const V x(Array<double>{1, 2});
    const ProfileGuard profile;
    static_cast<void>(exp(x));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    static_cast<void>(exp(x));
    static_cast<void>(x * 2);
    const auto rows = profile.ops();
    CHECK(row_of(rows, "exp").calls == 2);
    CHECK(row_of(rows, "exp").forward_seconds + row_of(rows, "mul").forward_seconds < 0.05);
}

TEST_CASE("ProfileGuard: the youngest guard counts, other threads do not") {
    const V x(Array<double>{1, 2});
    const ProfileGuard outer;
    {
        const ProfileGuard inner;
        static_cast<void>(exp(x));
        CHECK(inner.ops().size() == 1);
    }
    std::thread([&] { static_cast<void>(sin(x)); }).join();
    static_cast<void>(cos(x));
    CHECK(outer.ops().size() == 1);
    CHECK(outer.ops()[0].op == "cos");
}

TEST_CASE("ProfileGuard's trace is JSON with an event for each call, in order") {
    const V x(Array<double>{1, 2}, true);
    const ProfileGuard profile;
    sum(exp(x)).backward();
    const auto trace = nlohmann::json::parse(profile.trace()).at("traceEvents");
    REQUIRE(trace.size() == 4);
    const char* const names[] = {"exp", "sum", "sum", "exp"};
    double last = -1;
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(trace[i].at("name") == names[i]);
        CHECK(trace[i].at("cat") == (i < 2 ? "forward" : "backward"));
        CHECK(trace[i].at("ts").get<double>() >= last);
        last = trace[i].at("ts");
        CHECK(trace[i].at("args").at("line").get<std::string>().starts_with("profile_test.cpp:"));
    }
    CHECK(trace[0].at("args").at("bytes") == 16);
}

TEST_CASE("ProfileGuard's trace: events of one thread follow each other, with all sorts of ops") {
    const V x(random_array<double>({20, 20}, 3), true);
    const Op quoted_op("a \"b\"\n\\", on({{2}}, [](const auto& in) { return in[0]; }));
    const ProfileGuard profile;
    const auto gate = elementwise([](auto a, auto b) { return tanh(a) * b; });
    const V h = checkpoint([](const V& v) { return exp(v * 0.1) * v; }, gate(x, x));
    const V odd = record(quoted_op, Array<double>(h.value())).wrt(h, [](const V& g) { return g; });
    h.register_hook([](const V& g) { return g * 2; });
    const V g = grad(sum(softmax(odd) * h), x, {.create_graph = true});
    sum(square(g)).backward();
    const auto trace = nlohmann::json::parse(profile.trace()).at("traceEvents");
    double end = 0;
    bool found = false;
    for (const auto& event : trace) {
        CHECK(event.at("ph") == "X");
        CHECK(event.at("dur").get<double>() >= 0);
        // To the resolution of the text, 1 ns.
        CHECK(event.at("ts").get<double>() >= end - 0.002);
        end = event.at("ts").get<double>() + event.at("dur").get<double>();
        found = found || event.at("name") == "a \"b\" \\";
    }
    CHECK(found);
    CHECK(trace.size() > 15);

    // The table and the trace tell of the same calls.
    std::size_t calls = 0;
    for (const OpProfile& row : profile.ops())
        calls += row.calls + row.backward_calls;
    CHECK(calls == trace.size());
}

TEST_CASE("ProfileGuard's table: one line an op under its header, the columns aligned") {
    const V x(random_array<double>({8}, 4), true);
    const ProfileGuard profile;
    sum(exp(x)).backward();
    std::istringstream lines(profile.to_string());
    std::string header, line;
    std::getline(lines, header);
    CHECK(
        header ==
        "op                          calls   forward ms    rules  backward ms          KiB");
    std::set<std::string> names;
    while (std::getline(lines, line)) {
        CHECK(line.size() == header.size());
        names.insert(line.substr(0, line.find(' ')));
    }
    CHECK(names == std::set<std::string>{"exp", "sum"});
}
