#include <nn/serialize.hpp>
#include <tools/run_record.hpp>

namespace xgrad::report {
namespace {

template <class T>
Settings settings_of(const train::FitState<T>& state) {
    Settings fit = {
        {"model", state.model.describe()},
        {"parameters", state.model.parameter_count()},
        {"optimizer", state.optimizer.name()},
        {"lr", state.optimizer.lr()},
        {"epochs", state.epochs},
        {"batches", state.batches},
        {"train rows", state.train.size()}};
    if (state.dev != nullptr)
        fit["dev rows"] = state.dev->size();
    return fit;
}

}  // namespace

template <class T>
void RunRecorder<T>::on_start(train::FitState<T>& state) {
    folder_.start(settings_of(state), state.history, state.dev != nullptr);
}

template <class T>
void RunRecorder<T>::on_epoch(train::FitState<T>& state) {
    folder_.epoch(state.history);
}

template <class T>
void RunRecorder<T>::on_end(train::FitState<T>& state) {
    if (folder_.options().save_model)
        nn::save(folder_.path() / "model.safetensors", state.model.state_dict());
    folder_.finish(state.history, state.reason);
}

template class RunRecorder<float>;
template class RunRecorder<double>;

}  // namespace xgrad::report
