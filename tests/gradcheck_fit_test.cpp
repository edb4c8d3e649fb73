// Spot checks while fit() trains.
#include <autograd/record.hpp>
#include <nn/fit.hpp>
#include <nn/layers.hpp>
#include <ops/ops.hpp>
#include <tests/nn/fit_data.hpp>
#include <tests/nn/resume_run.hpp>
#include <tools/spot_check_callback.hpp>

#include <doctest/doctest.h>

namespace xgrad {
namespace {

const Op& copy_op() {
    static const Op op("copy_in_fit", on({{2}}, [](const auto& in) { return 2 * in[0]; }));
    return op;
}

// x as it is; its rule is wrong by that factor.
template <class T>
class Wrong : public nn::Module<T> {
public:
    explicit Wrong(double factor) : factor_(factor) {}
    Variable<T> forward(const Variable<T>& x) override {
        const double factor = factor_;
        return record(copy_op(), Array<T>(x.value())).wrt(x, [factor](const Variable<T>& g) {
            return g * factor;
        });
    }
    std::string describe() const override { return "Wrong"; }

protected:
    void remake(nn::Copier& copier) const override { copier.make<Wrong>(factor_); }

private:
    double factor_;
};

template <class T>
nn::Sequential<T> net_with(double factor) {
    nn::Sequential<T> net = test::noisy_net<T>(1);
    net.add(Wrong<T>(factor));
    return net;
}

}  // namespace

TEST_CASE_TEMPLATE("a wrong rule ends fit at the first check", T, float, double) {
    auto net = net_with<T>(1.01);
    const auto spot_check = std::make_shared<SpotCheckCallback<T>>(SpotCheckOptions{.every = 3});
    const auto result = train::fit(
        net, {test::clouds<T>(40, 1)}, {.epochs = 2, .batch_size = 10, .callbacks = {spot_check}});
    CHECK(result.end == train::FitEnd::stopped);
    CHECK(result.steps == 3);
    CHECK_MESSAGE(
        result.ended.starts_with(
            "stopped: spot check: step 3: along a random direction the gradient is "),
        result.ended);
    REQUIRE(spot_check->findings().size() == 1);
    CHECK(spot_check->checks() == 1);
}

TEST_CASE("right rules are no finding, and the run is as without the checks") {
    auto checked = net_with<float>(1), plain = net_with<float>(1);
    const auto spot_check =
        std::make_shared<SpotCheckCallback<float>>(SpotCheckOptions{.every = 2});
    const train::FitData<float> data{test::clouds<float>(40, 1)};
    train::fit(checked, data, {.epochs = 3, .batch_size = 10, .callbacks = {spot_check}});
    train::fit(plain, data, {.epochs = 3, .batch_size = 10});
    CHECK(spot_check->checks() == 6);
    CHECK(spot_check->findings().empty());
    CHECK(test::same_bits(checked.state_dict(), plain.state_dict()));
    CHECK_THROWS_WITH_AS(
        SpotCheckCallback<float>(SpotCheckOptions{.every = 0}),
        "SpotCheckCallback: every is 0, rows is 16; need at least 1",
        std::invalid_argument);
}

}  // namespace xgrad
