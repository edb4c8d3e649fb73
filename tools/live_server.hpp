// Internal to the sources: a small HTTP server for this machine alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace xgrad::report::detail {

struct Request {
    std::string method;  ///< "GET"
    std::string path;    ///< "/", without a query
    std::string host;    ///< the header, "localhost:8080"; empty without one
};

struct Answer {
    unsigned status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body = {};
    std::function<void()> sent = {};  ///< called when it is on its way, unless that failed
};

/// Answers requests in a thread of its own from construction to destruction.
class LiveServer {
public:
    virtual ~LiveServer() = default;
    [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
};

/// Listens at an IPv4 address, at a free port for port 0. `answer` is called from the server's
/// thread and must not throw. Throws IoError when it cannot listen there, std::runtime_error in a
/// build without libmicrohttpd.
[[nodiscard]] std::unique_ptr<LiveServer> serve(
    const std::string& address, std::uint16_t port, std::function<Answer(const Request&)> answer);

}  // namespace xgrad::report::detail
