// A page that shows a run while it trains, for the browser on the same machine.
#pragma once

#include <nn/callback.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace xgrad::report {

struct LiveOptions {
    std::string title = "Training";
    std::string address = "127.0.0.1";  ///< of this machine alone: 127.x.x.x or "localhost"
    std::uint16_t port = 0;             ///< 0: one that is free
};

/// Where a run stands.
struct LiveState {
    train::History history = {};
    bool has_dev = false;
    std::size_t epoch = 0, epochs = 0;   ///< the current one, from 1, and how many at most
    std::size_t batch = 0, batches = 0;  ///< in this epoch
    std::uint64_t step = 0;
    double loss = 0;         ///< of the last batch
    std::string ended = {};  ///< how; empty while it goes on
};

/// Serves the page at url() from construction to destruction, in a thread of its own: progress and
/// curves at "/", which keep themselves up to date, and the same numbers as JSON at "/state.json".
/// Programs of other users on this machine can read it, other machines cannot; a page of another
/// site that the browser is led to this address is refused.
class LivePage {
public:
    /// Throws std::invalid_argument for an address that other machines reach, IoError when the port
    /// is taken, std::runtime_error in a build without libmicrohttpd.
    explicit LivePage(const LiveOptions& options = {});
    LivePage(const LivePage&) = delete;
    LivePage& operator=(const LivePage&) = delete;
    /// Where a browser has asked in the last seconds, waits up to 2 s for it to see the last state.
    ~LivePage();

    /// "http://127.0.0.1:40123/"
    [[nodiscard]] const std::string& url() const noexcept;

    /// What is shown from now on. These may be called while the page is asked for.
    void show(LiveState state);
    /// The same for what changes with each batch.
    void progress(std::size_t epoch, std::size_t batch, std::uint64_t step, double loss);

private:
    struct Content;
    std::unique_ptr<Content> content_;
};

/// Feeds a page from fit(). The page ends with this object.
///
///     auto live = std::make_shared<report::LiveView<float>>();
///     std::cout << "see " << live->url() << '\n';
///     options.callbacks.push_back(live);
template <class T>
class LiveView : public train::Callback<T> {
public:
    explicit LiveView(const LiveOptions& options = {}) : page_(options) {}

    [[nodiscard]] const std::string& url() const noexcept { return page_.url(); }

    void on_start(train::FitState<T>& state) override;
    void on_step(train::FitState<T>& state) override;
    void on_epoch(train::FitState<T>& state) override;
    void on_end(train::FitState<T>& state) override;

private:
    LivePage page_;
};

}  // namespace xgrad::report
