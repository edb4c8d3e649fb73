#include <autograd/alias.hpp>
#include <autograd/grad.hpp>
#include <autograd/op.hpp>

namespace xgrad::detail {

static const Op alias_op("alias", on({{3, 4}}, [](const auto& in) {
                                      return alias(in[0]);
                                  }).linear());

namespace {

template <class T>
class AliasNode final : public Node<T> {
public:
    AliasNode(const Variable<T>& x, Where where)
        : Node<T>(&alias_op, x.shape(), where),
          input_(x.state().node) {}
    [[nodiscard]] std::size_t edges() const noexcept override { return 1; }
    [[nodiscard]] Node<T>* edge(std::size_t) const noexcept override { return input_.get(); }
    Variable<T> share(std::size_t, const Variable<T>& g) override { return g; }
    bool stacked_share(std::size_t, const Variable<T>& g, Variable<T>& to) override {
        to = g;
        return true;
    }

private:
    Ref<Node<T>> input_;
};

}  // namespace

template <class T>
Variable<T> alias(const Variable<T>& x, Where where) {
    if (!grad_enabled())
        return x.detach();
    if (!x.requires_grad())
        return x;
    return Variable<T>(x.state().buffer, Ref<Node<T>>::adopt(new AliasNode<T>(x, where)));
}
template Variable<float> alias(const Variable<float>&, Where);
template Variable<double> alias(const Variable<double>&, Where);

}  // namespace xgrad::detail
