#include <autograd/backward.hpp>
#include <autograd/call_trace.hpp>
#include <autograd/fail.hpp>
#include <autograd/profiling.hpp>
#include <autograd/record.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace xgrad {

template <class T>
Variable<T> Kept<T>::operator*() const {
    if (!buffer_)
        throw GraphError("Kept: the value was moved from; read it where it was moved to");
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
          edges_(std::move(recording.edges_)),
          inputs_(recording.inputs_) {
        if (recording.keeps_output_)
            output_ = recording.value_;
    }
    [[nodiscard]] std::size_t edges() const noexcept override { return edges_.size(); }
    [[nodiscard]] detail::Node<T>* edge(std::size_t i) const noexcept override {
        return edges_[i].node.get();
    }
    [[nodiscard]] std::size_t input_of(std::size_t i) const noexcept override {
        return edges_[i].input;
    }
    [[nodiscard]] std::size_t inputs() const noexcept override { return inputs_; }
    Variable<T> share(std::size_t i, const Variable<T>& g) override {
        if (!output_)
            return (*edges_[i].rule)(g, {});
        if (output_->version != 0)
            detail::fail_result_overwritten(this->op, this->where, this->shape);
        const auto self = detail::Ref<detail::Node<T>>::share(this);
        return (*edges_[i].rule)(g, Variable<T>(output_, self));
    }
    bool stacked_share(std::size_t i, const Variable<T>& g, Variable<T>& to) override {
        if (edges_[i].marks.batched)
            to = share(i, g);
        return edges_[i].marks.batched;
    }
    [[nodiscard]] bool takes_one_number() const noexcept override {
        return std::ranges::all_of(edges_, [](const Edge& edge) { return edge.marks.one_number; });
    }
    [[nodiscard]] bool gives_one_number(std::size_t i) const noexcept override {
        return edges_[i].marks.one_number;
    }
    void drop_kept() noexcept override {
        for (Edge& edge : edges_)
            edge.rule.reset();
        output_ = {};
    }

private:
    std::vector<Edge, PoolAllocator<Edge>> edges_;
    std::uint32_t inputs_;
    detail::Ref<detail::Buffer<T>> output_;
};

template <class T>
Recording<T>::Recording(const Op& op, Array<T>&& value, Where where)
    : op_(&op),
      where_(where),
      value_(detail::Ref<detail::Buffer<T>>::adopt(new detail::Buffer<T>(std::move(value)))) {
    detail::note_result(&op, where, value_->array);
    if (detail::profiling)
        detail::note_forward(&op, where, value_->array.size() * sizeof(T));
    if (anomaly_enabled())
        input_shapes_ = std::make_unique<std::vector<Shape>>();
}

template <class T>
void Recording<T>::add(
    const Variable<T>& input,
    std::unique_ptr<detail::Rule<T>> rule,
    bool wants_output,
    Marks marks) {
    edges_.push_back({input.state().node, std::move(rule), inputs_, marks});
    keeps_output_ = keeps_output_ || wants_output;
}

template <class T>
void Recording<T>::note_shape(const Variable<T>& input) {
    input_shapes_->push_back(input.shape());
}

template <class T>
Recording<T>::operator Variable<T>() && {
    if (input_shapes_) {
        std::vector<const Shape*> shapes;
        for (const Shape& shape : *input_shapes_)
            shapes.push_back(&shape);
        detail::check_result<T>(op_, where_, value_->array, shapes);
    }
    if (edges_.empty())
        return Variable<T>(value_, {});
    const auto node = detail::Ref<detail::Node<T>>::adopt(new RuleNode(*this));
    detail::note_node(node.get());
    return Variable<T>(value_, node);
}

template class Recording<float>;
template class Recording<double>;

namespace detail {
namespace {

template <class T>
std::optional<std::size_t> first_not_finite(const Array<T>& value) {
    const T* const begin = value.data();
    const T* const end = begin + value.size();
    const T* const found = std::find_if_not(begin, end, [](T x) { return std::isfinite(x); });
    if (found == end)
        return std::nullopt;
    return static_cast<std::size_t>(found - begin);
}

// "(3, 4), a constant"
std::string shapes_string(InputShapes shapes) {
    std::string text;
    for (const Shape* shape : shapes) {
        text += text.empty() ? "" : ", ";
        text += shape ? to_string(*shape) : "a constant";
    }
    return text;
}

}  // namespace

void fail_not_recordable() {
    fail<NoSecondDerivative>(
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
void check_result(const Op* op, const Where& where, const Array<T>& value, InputShapes inputs) {
    // What the rule's ops give is judged by the share they lead to, under the name of its op.
    if (rule_is_running())
        return;
    if (const auto at = first_not_finite(value)) {
        fail<AnomalyError>(
            "{}: the result, shape {}, is {} at {}{}; find the first op whose inputs leave its "
            "domain",
            call_string(op, where),
            value.shape(),
            value.data()[*at],
            index_string(*at, value.shape()),
            inputs.empty() ? "" : ", for inputs " + shapes_string(inputs));
    }
}

template <class T>
void note_value(
    const Op* op, const Where& where, Array<T>& value, std::span<const Array<T>* const> inputs) {
    note_result(op, where, value);
    if (profiling)
        note_forward(op, where, value.size() * sizeof(T));
    if (!anomaly_enabled())
        return;
    std::vector<const Shape*> shapes;
    for (const Array<T>* input : inputs)
        shapes.push_back(&input->shape());
    check_result<T>(op, where, value, shapes);
}

template <class T>
void check_gradient(const Node<T>& node, std::size_t edge, const Array<T>& value) {
    const auto at = first_not_finite(value);
    if (!at)
        return;
    std::vector<const Shape*> inputs(node.inputs());
    for (std::size_t i = 0; i < node.edges(); ++i) {
        if (const Node<T>* input = node.edge(i))
            inputs[node.input_of(i)] = &input->shape;
    }
    fail<AnomalyError>(
        "{}: the gradient of input {}, shape {}, is {} at {}, for inputs {} and the result {}; "
        "find the first op whose inputs leave its domain",
        call_string(node.op, node.where),
        node.input_of(edge),
        value.shape(),
        value.data()[*at],
        index_string(*at, value.shape()),
        shapes_string(inputs),
        node.shape);
}

template <class T>
void check_total(const Node<T>& node, const Array<T>& value) {
    if (const auto at = first_not_finite(value)) {
        fail<AnomalyError>(
            "{}: the gradient that reaches it, shape {}, is {} at {}; it comes from a seed, a hook "
            "or a sum of shares",
            node.op ? call_string(node.op, node.where) : "a leaf",
            value.shape(),
            value.data()[*at],
            index_string(*at, value.shape()));
    }
}

template void check_result<float>(const Op*, const Where&, const Array<float>&, InputShapes);
template void check_result<double>(const Op*, const Where&, const Array<double>&, InputShapes);
template void note_value(
    const Op*, const Where&, Array<float>&, std::span<const Array<float>* const>);
template void note_value(
    const Op*, const Where&, Array<double>&, std::span<const Array<double>* const>);
template void check_gradient<float>(const Node<float>&, std::size_t, const Array<float>&);
template void check_gradient<double>(const Node<double>&, std::size_t, const Array<double>&);
template void check_total<float>(const Node<float>&, const Array<float>&);
template void check_total<double>(const Node<double>&, const Array<double>&);

}  // namespace detail
}  // namespace xgrad
