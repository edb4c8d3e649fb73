#include <autograd/fail.hpp>
#include <tools/live.hpp>
#include <tools/live_server.hpp>
#include <tools/run_json.hpp>
#include <tools/run_page.hpp>

#include <arpa/inet.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace xgrad::report {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Takes the place of what is on the page, every second, until the run has ended. (Without < and &,
// so that the page stays well-formed XML.)
constexpr const char* script = R"(<script>
const tick = async () => {
  try {
    const text = await (await fetch('/')).text();
    const next = new DOMParser().parseFromString(text, 'text/html');
    document.querySelector('main').replaceWith(next.querySelector('main'));
    document.title = next.title;
    if (document.querySelector('#live')) setTimeout(tick, 1000);
  } catch (error) {
    document.querySelector('#live').textContent = 'The run has ended.';
  }
};
setTimeout(tick, 1000);
</script>
)";

// An address of the machine's own, as four numbers.
std::string loopback(const std::string& address) {
    const std::string numbers = address == "localhost" ? "127.0.0.1" : address;
    in_addr parsed{};
    if (inet_pton(AF_INET, numbers.c_str(), &parsed) != 1 || ntohl(parsed.s_addr) >> 24 != 127) {
        fail<std::invalid_argument>(
            "LivePage: the address is \"{}\"; need one that only this machine reaches, such as "
            "127.0.0.1",
            address);
    }
    return numbers;
}

// A name of this machine: a site whose own name was made to lead here sends that one.
bool is_own_host(const std::string& host, const std::string& address) {
    const std::string name = host.substr(0, host.find(':'));
    return name == address || name == "localhost";
}

std::string page_of(const LiveState& state, const std::string& title) {
    const bool goes_on = state.ended.empty();
    Page page(title, fmt::format("epoch {} of {}", state.epoch, state.epochs));
    std::vector<Figure> figures = {
        {"epoch",
         fmt::format("{} of {}", state.epoch, state.epochs),
         goes_on ? fmt::format("batch {} of {}", state.batch, state.batches) : state.ended},
        {"step", grouped(state.step), "updates"},
        {"loss", fmt::format("{:.4g}", state.loss), "of the last batch"}};
    const train::History& history = state.history;
    if (!history.empty()) {
        const train::EpochRecord& last = history.back();
        figures.push_back(
            {state.has_dev ? "dev error" : "train error",
             error_text(state.has_dev ? last.dev.error : last.train.error, history),
             fmt::format("after epoch {}", history.size())});
    }
    page.figures(figures);
    if (history.empty())
        page.paragraph("The curves begin with the end of the first epoch.");
    else
        page.charts(charts_of(history, state.has_dev));
    return page
        .piece(goes_on ? "<p class=\"faint\" id=\"live\">Up to date every second.</p>\n" : "")
        .piece(script)
        .html();
}

std::string json_text(const LiveState& state) {
    Json epochs = Json::array();
    for (const train::EpochRecord& epoch : state.history) {
        Json entry = {
            {"train_cost", json_of(epoch.train.cost)}, {"train_error", json_of(epoch.train.error)}};
        if (state.has_dev) {
            entry["dev_cost"] = json_of(epoch.dev.cost);
            entry["dev_error"] = json_of(epoch.dev.error);
        }
        epochs.push_back(std::move(entry));
    }
    return text_of(
        {{"epoch", state.epoch},
         {"epochs", state.epochs},
         {"batch", state.batch},
         {"batches", state.batches},
         {"step", state.step},
         {"loss", json_of(state.loss)},
         {"ended", state.ended},
         {"history", epochs}});
}

template <class T>
LiveState state_of(const train::FitState<T>& state) {
    return {
        state.history,
        state.dev != nullptr,
        state.epoch,
        state.epochs,
        state.batch,
        state.batches,
        state.step,
        state.loss};
}

}  // namespace

struct LivePage::Content {
    std::string title, address, url;
    std::mutex mutex;
    std::condition_variable seen;
    LiveState state;
    Clock::time_point asked = {};  // for the page, last
    bool ended_seen = false;
    std::unique_ptr<detail::LiveServer> server;  // last: it ends first

    detail::Answer answer(const detail::Request& request) {
        if (!is_own_host(request.host, address))
            return {403, "text/plain", "this page is for this machine alone\n"};
        if (request.method != "GET" && request.method != "HEAD")
            return {405, "text/plain", "need GET\n"};
        if (request.path == "/favicon.ico")
            return {204, "text/plain"};
        if (request.path != "/" && request.path != "/state.json")
            return {404, "text/plain", "there are / and /state.json\n"};
        LiveState now;
        {
            const std::lock_guard lock(mutex);
            now = state;
            if (request.path == "/")  // not only once it is sent: the run may end in between
                asked = Clock::now();
        }
        if (request.path == "/state.json")
            return {200, "application/json", json_text(now)};
        const auto sent = [this, ended = !now.ended.empty()] {
            const std::lock_guard lock(mutex);
            asked = Clock::now();
            ended_seen = ended;
            seen.notify_all();
        };
        return {200, "text/html; charset=utf-8", page_of(now, title), sent};
    }
};

LivePage::LivePage(const LiveOptions& options) : content_(std::make_unique<Content>()) {
    Content& content = *content_;
    content.title = options.title;
    content.address = loopback(options.address);
    content.server =
        detail::serve(content.address, options.port, [&content](const detail::Request& request) {
            return content.answer(request);
        });
    content.url = fmt::format("http://{}:{}/", content.address, content.server->port());
}

LivePage::~LivePage() {
    std::unique_lock lock(content_->mutex);
    if (content_->state.ended.empty())
        content_->state.ended = "ended";
    if (Clock::now() - content_->asked < 3s)
        content_->seen.wait_for(lock, 2s, [&] { return content_->ended_seen; });
}

const std::string& LivePage::url() const noexcept { return content_->url; }

void LivePage::show(LiveState state) {
    const std::lock_guard lock(content_->mutex);
    content_->state = std::move(state);
}

void LivePage::progress(std::size_t epoch, std::size_t batch, std::uint64_t step, double loss) {
    const std::lock_guard lock(content_->mutex);
    content_->state.epoch = epoch;
    content_->state.batch = batch;
    content_->state.step = step;
    content_->state.loss = loss;
}

template <class T>
void LiveView<T>::on_start(train::FitState<T>& state) {
    page_.show(state_of(state));
}

template <class T>
void LiveView<T>::on_step(train::FitState<T>& state) {
    page_.progress(state.epoch, state.batch, state.step, state.loss);
}

template <class T>
void LiveView<T>::on_epoch(train::FitState<T>& state) {
    page_.show(state_of(state));
}

template <class T>
void LiveView<T>::on_end(train::FitState<T>& state) {
    LiveState last = state_of(state);
    last.ended = state.reason.empty() ? "ended" : "stopped: " + state.reason;
    page_.show(std::move(last));
}

template class LiveView<float>;
template class LiveView<double>;

}  // namespace xgrad::report
