#include <autograd/fail.hpp>
#include <nn/rng.hpp>
#include <ops/loss.hpp>
#include <tools/spot_check_callback.hpp>

#include <algorithm>

namespace xgrad {
namespace {

constexpr std::uint64_t rows_stream = 0x73706F74;

template <class T>
Array<double> in_double(const Array<T>& array) {
    auto result = empty<double>(array.shape());
    std::copy_n(array.data(), array.size(), result.data());
    return result;
}

template <class T>
data::Batch<double> draw_rows(const data::Dataset<T>& dataset, std::size_t count, Rng rng) {
    data::Rows rows(std::min(count, dataset.size()));
    for (std::size_t& row : rows)
        row = rng.below(dataset.size());
    const data::Dataset<T> picked = dataset.subset(rows);
    return {in_double(picked.x()), picked.y(), in_double(picked.targets())};
}

}  // namespace

template <class T>
SpotCheckCallback<T>::SpotCheckCallback(SpotCheckOptions options)
    : options_(std::move(options)),
      check_(1, options_.seed, options_.tolerance) {
    if (options_.every == 0 || options_.rows == 0) {
        fail<std::invalid_argument>(
            "SpotCheckCallback: every is {}, rows is {}; need at least 1",
            options_.every,
            options_.rows);
    }
}

template <class T>
void SpotCheckCallback<T>::on_step(train::FitState<T>& state) {
    if (state.step % options_.every != 0)
        return;
    ++checks_;
    const auto batch =
        draw_rows(state.train, options_.rows, Rng(options_.seed, rows_stream).split(state.step));
    const auto model = state.model.template to<double>();
    const Variable<double> x(batch.x);
    const auto loss = [&]() -> Variable<double> {
        const Variable<double> outputs = (*model)(x);
        if (options_.loss)
            return options_.loss(outputs, batch);
        if (!batch.y.empty())
            return cross_entropy(outputs, batch.y);
        return mse_loss(outputs, Variable<double>(batch.targets));
    };
    auto finding = check_(loss, named(model->parameters()), named(model->buffers()));
    if (!finding)
        return;
    // It counts its own calls.
    const std::size_t colon = finding->text.find(": ");
    if (finding->text.starts_with("step ") && colon != std::string::npos)
        finding->text = fmt::format("step {}", state.step) + finding->text.substr(colon);
    findings_.push_back(*finding);
    if (options_.stops)
        state.stop("spot check: " + finding->text);
}

template class SpotCheckCallback<float>;
template class SpotCheckCallback<double>;

}  // namespace xgrad
