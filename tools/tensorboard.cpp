#include <autograd/fail.hpp>
#include <tools/tensorboard.hpp>
#include <tools/tensorboard_event.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <system_error>
#include <vector>

namespace xgrad::report {
namespace {

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

template <class T>
std::span<const T> values_of(const Array<T>& array) {
    return {array.data(), array.size()};
}

bool is_due(std::uint64_t step, std::size_t every) { return every > 0 && step % every == 0; }

}  // namespace

EventWriter::EventWriter(const std::filesystem::path& folder) {
    static std::atomic<unsigned> files{0};
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        fail<IoError>("{}: cannot be made: {}", folder.string(), error.message());
    // TensorBoard reads the files of a folder in the order of their names.
    path_ = folder / fmt::format(
                         "events.out.tfevents.{:010.0f}.xgrad.{}.{}",
                         seconds_now(),
                         ::getpid(),
                         files.fetch_add(1));
    file_.open(path_, std::ios::binary | std::ios::app);
    write(detail::version_event(seconds_now()));
}

void EventWriter::write(const std::string& event) {
    const std::string bytes = detail::record(event);
    file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file_.flush();
    if (!file_)
        fail<IoError>("{}: {} bytes could not be written", path_.string(), bytes.size());
}

void EventWriter::scalar(std::string_view tag, std::uint64_t step, double value) {
    write(detail::scalar_event(seconds_now(), step, tag, value));
}

void EventWriter::histogram(
    std::string_view tag, std::uint64_t step, std::span<const double> values) {
    const detail::Histogram histogram = detail::histogram_of(values);
    if (histogram.count > 0)
        write(detail::histogram_event(seconds_now(), step, tag, histogram));
}

void EventWriter::histogram(
    std::string_view tag, std::uint64_t step, std::span<const float> values) {
    const std::vector<double> wide(values.begin(), values.end());
    histogram(tag, step, std::span<const double>(wide));
}

void EventWriter::image(std::string_view tag, std::uint64_t step, const Image& image) {
    write(detail::image_event(seconds_now(), step, tag, image));
}

template <class T>
void EventLog<T>::on_gradient(train::FitState<T>& state) {
    if (!is_due(state.step, options_.histograms_every))
        return;
    for (const nn::Parameter<T>& parameter : state.model.parameters()) {
        if (parameter.value.has_grad()) {
            events_.histogram(
                "gradient/" + parameter.name, state.step, values_of(parameter.value.grad()));
        }
    }
}

template <class T>
void EventLog<T>::on_step(train::FitState<T>& state) {
    if (is_due(state.step, options_.scalars_every)) {
        events_.scalar("step/loss", state.step, state.loss);
        events_.scalar("step/lr", state.step, state.optimizer.lr());
    }
    if (!is_due(state.step, options_.histograms_every))
        return;
    for (const nn::Parameter<T>& parameter : state.model.parameters())
        events_.histogram(
            "weight/" + parameter.name, state.step, values_of(parameter.value.value()));
}

template <class T>
void EventLog<T>::on_epoch(train::FitState<T>& state) {
    const train::EpochRecord& record = state.history.back();
    const std::size_t epoch = state.history.size();
    events_.scalar("train/cost", epoch, record.train.cost);
    events_.scalar("train/error", epoch, record.train.error);
    if (state.dev != nullptr) {
        events_.scalar("dev/cost", epoch, record.dev.cost);
        events_.scalar("dev/error", epoch, record.dev.error);
    }
    for (const auto& [name, value] : record.metrics)
        events_.scalar("metric/" + name, epoch, value);
}

template class EventLog<float>;
template class EventLog<double>;

}  // namespace xgrad::report
