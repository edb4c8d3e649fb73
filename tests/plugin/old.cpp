// A plug-in as an older xgrad's headers would compile it: all that shows is the constructor's name.
namespace xgrad {

template <int number>
struct OpLayout {};

class Op {
public:
    explicit Op(OpLayout<0>);
    ~Op();
};

}  // namespace xgrad

static const xgrad::Op op{xgrad::OpLayout<0>{}};
