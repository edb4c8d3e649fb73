#include <autograd/fail.hpp>
#include <tools/live_server.hpp>

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace xgrad::report::detail {
namespace {

class Server : public LiveServer {
public:
    Server(
        const std::string& address,
        std::uint16_t port,
        std::function<Answer(const Request&)> answer)
        : answer_(std::move(answer)) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        inet_pton(AF_INET, address.c_str(), &where.sin_addr);
        daemon_ = MHD_start_daemon(
            MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD,
            port,
            nullptr,
            nullptr,
            &Server::handle,
            this,
            MHD_OPTION_SOCK_ADDR,
            &where,
            MHD_OPTION_NOTIFY_COMPLETED,
            &Server::completed,
            nullptr,
            MHD_OPTION_CONNECTION_LIMIT,
            16U,
            MHD_OPTION_CONNECTION_TIMEOUT,
            10U,
            MHD_OPTION_END);
        if (daemon_ == nullptr) {
            fail<IoError>(
                "LivePage: cannot listen at {}:{}: {}; need a free port, or 0 for any",
                address,
                port,
                std::strerror(errno));
        }
        port_ = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port;
    }
    ~Server() override { MHD_stop_daemon(daemon_); }

    [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }

private:
    static MHD_Result handle(
        void* self,
        MHD_Connection* connection,
        const char* path,
        const char* method,
        const char* /*version*/,
        const char* /*body*/,
        std::size_t* /*body_size*/,
        void** state) {
        const char* host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
        const Answer answer =
            static_cast<Server*>(self)->answer_({method, path, host == nullptr ? "" : host});
        MHD_Response* response = MHD_create_response_from_buffer(
            answer.body.size(),
            const_cast<char*>(answer.body.data()),  // copied, not changed
            MHD_RESPMEM_MUST_COPY);
        if (response == nullptr)
            return MHD_NO;
        for (const auto& [name, value] :
             {std::pair("Content-Type", answer.type.c_str()),
              std::pair("Cache-Control", "no-store"),
              std::pair("X-Content-Type-Options", "nosniff"),
              std::pair(
                  "Content-Security-Policy",
                  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
                  "script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'")}) {
            MHD_add_response_header(response, name, value);
        }
        if (answer.sent)
            *state = new std::function<void()>(answer.sent);  // completed() has it
        const MHD_Result queued = MHD_queue_response(connection, answer.status, response);
        MHD_destroy_response(response);
        return queued;
    }

    static void completed(
        void* /*nothing*/,
        MHD_Connection* /*connection*/,
        void** state,
        MHD_RequestTerminationCode how) {
        const std::unique_ptr<std::function<void()>> sent(
            static_cast<std::function<void()>*>(*state));
        *state = nullptr;
        if (sent && how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
            (*sent)();
    }

    std::function<Answer(const Request&)> answer_;
    MHD_Daemon* daemon_ = nullptr;
    std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<LiveServer> serve(
    const std::string& address, std::uint16_t port, std::function<Answer(const Request&)> answer) {
    return std::make_unique<Server>(address, port, std::move(answer));
}

}  // namespace xgrad::report::detail
