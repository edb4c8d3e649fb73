// In the place of live_server.cpp where libmicrohttpd was not there at build time.
#include <autograd/fail.hpp>
#include <tools/live_server.hpp>

#include <stdexcept>

namespace xgrad::report::detail {

std::unique_ptr<LiveServer> serve(
    const std::string& /*address*/,
    std::uint16_t /*port*/,
    std::function<Answer(const Request&)> /*answer*/) {
    fail<std::runtime_error>(
        "LivePage: this build has no HTTP server; need one with libmicrohttpd (Debian: "
        "libmicrohttpd-dev)");
}

}  // namespace xgrad::report::detail
