#include <autograd/backward.hpp>
#include <autograd/call_trace.hpp>
#include <autograd/fail.hpp>
#include <autograd/profiling.hpp>
#include <autograd/record.hpp>

#include <cmath>

namespace xgrad {

template <class T>
Variable<T> Kept<T>::operator*() const {
    if (buffer_->version != version_) {
        fail<GraphError>(
            "backward: {} needs a value of shape {} that was overwritten after it was "
            "recorded (version {}, now {}); run backward before the update, or compute on a copy",
            detail::running_call(),
            buffer_->array.shape(),
            version_,
            buffer_->version);
    }
    return Variable<T>(buffer_, node_);
}

template class Kept<float>;
template class Kept<double>;

template <class T>
class Recording<T>::RuleNode final : public detail::Node<T> {
public:
    explicit RuleNode(Recording& recording)
        : detail::Node<T>(recording.op_, recording.value_->array.shape(), recording.where_),
          edges_(std::move(recording.edges_)) {
        if (recording.keeps_output_)
            output_ = recording.value_;
    }
    [[nodiscard]] std::size_t edges() const noexcept override { return edges_.size(); }
    [[nodiscard]] detail::Node<T>* edge(std::size_t i) const noexcept override {
        return edges_[i].node.get();
    }
    Variable<T> share(std::size_t i, const Variable<T>& g) override {
        if (!output_)
            return (*edges_[i].rule)(g, {});
        if (output_->version != 0)
            detail::fail_result_overwritten(this->op, this->where, this->shape);
        const auto self = detail::Ref<detail::Node<T>>::share(this);
        return (*edges_[i].rule)(g, Variable<T>(output_, self));
    }
    void drop_kept() noexcept override {
        for (Edge& edge : edges_)
            edge.rule.reset();
        output_ = {};
    }

private:
    std::vector<Edge, PoolAllocator<Edge>> edges_;
    detail::Ref<detail::Buffer<T>> output_;
};

template <class T>
Recording<T>::Recording(const Op& op, Array<T> value, Where where)
    : op_(&op),
      where_(where),
      value_(detail::Ref<detail::Buffer<T>>::adopt(new detail::Buffer<T>(std::move(value)))) {
    detail::note_result(&op, where, value_->array);
    if (detail::profiling)
        detail::note_forward(&op, where, value_->array.size() * sizeof(T));
    if (anomaly_enabled())
        detail::check_finite(&op, where, "the result", value_->array);
}

template <class T>
void Recording<T>::add(
    const Variable<T>& input, std::unique_ptr<detail::Rule<T>> rule, bool wants_output) {
    edges_.push_back({input.state().node, std::move(rule)});
    keeps_output_ = keeps_output_ || wants_output;
}

template <class T>
Recording<T>::operator Variable<T>() && {
    if (edges_.empty())
        return Variable<T>(value_, {});
    const auto node = detail::Ref<detail::Node<T>>::adopt(new RuleNode(*this));
    detail::note_node(node.get());
    return Variable<T>(value_, node);
}

template class Recording<float>;
template class Recording<double>;

namespace detail {

void fail_not_recordable() {
    fail<GraphError>(
        "backward: the rule of {} is written on arrays and has no derivative of its own; "
        "create_graph needs a rule in public ops",
        running_call());
}

void fail_result_overwritten(const Op* op, const Where& where, const Shape& shape) {
    fail<GraphError>(
        "backward: {} needs its own result, shape {}, that was overwritten after it was recorded; "
        "run backward before the update, or compute on a copy",
        call_string(op, where),
        shape);
}

std::string call_string(const Op* op, const Where& where) {
    const std::string_view path = where.file_name();
    return fmt::format(
        "{} ({}:{})", op ? op->name() : "a leaf", path.substr(path.rfind('/') + 1), where.line());
}

template <class T>
void check_finite(const Op* op, const Where& where, const char* what, const Array<T>& value) {
    for (std::size_t i = 0; i < value.size(); ++i) {
        const T element = value.data()[i];
        if (!std::isfinite(element)) {
            fail<AnomalyError>(
                "{}: {}, shape {}, is {} at {}; find the first op whose inputs leave its domain",
                call_string(op, where),
                what,
                value.shape(),
                element,
                index_string(i, value.shape()));
        }
    }
}

template void check_finite<float>(const Op*, const Where&, const char*, const Array<float>&);
template void check_finite<double>(const Op*, const Where&, const char*, const Array<double>&);

}  // namespace detail
}  // namespace xgrad
