// Internal: hooks on the layers of a model that gather figures while a batch goes through.
#pragma once

#include <nn/layer_report.hpp>

#include <memory>
#include <vector>

namespace xgrad::train {

/// The figures of one pass; the hooks go with it.
template <class T>
class LayerWatch {
public:
    LayerWatch(nn::Module<T>& model, const LayerThresholds& thresholds);
    LayerWatch(const LayerWatch&) = delete;
    LayerWatch& operator=(const LayerWatch&) = delete;
    ~LayerWatch();

    void add_input(const Array<T>& x, const Variable<T>& gradient);
    /// The weights of the layers that were called, those that decay and train, in their order.
    [[nodiscard]] std::vector<Variable<T>> weights() const;
    /// Their gradients, nullptr where there is none, and what a step has changed.
    void add_gradients(const std::vector<const Array<T>*>& gradients);
    void add_updates(const std::vector<Array<T>>& before);

    [[nodiscard]] LayerReport report() const;

private:
    struct Layer;
    struct Record;

    LayerThresholds thresholds_;
    std::shared_ptr<Record> record_;  // shared with the hooks, which graphs keep
    std::vector<HookHandle> hooks_;
};

/// Gives each layer its state, by the results of layer `first`, and the report its worst.
void judge(LayerReport& report, std::size_t first, const LayerThresholds& thresholds);

}  // namespace xgrad::train
