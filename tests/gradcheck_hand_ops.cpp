#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <ops/ops.hpp>
#include <tests/gradcheck_hand_faults.hpp>
#include <tools/gradcheck_op.hpp>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace xgrad {
namespace {

constexpr const char* name_of_op = "made_by_hand_op";

// The report on an op with that call, which gets the op and its inputs. The op leaves the registry
// when it goes.
template <class Call>
OpReport report_on(
    std::vector<Shape> shapes, Call call, Sample (*adjust)(Sample) = [](Sample s) { return s; }) {
    const Op* self = nullptr;
    const Op op(name_of_op, Samples(adjust(on(std::move(shapes), [&self, call](const auto& in) {
                    return call(*self, in);
                }))));
    self = &op;
    return check_op(op);
}

// y = x^2, whose share is `rule` of x and g.
template <class Rule>
OpReport report_on_square(Rule rule) {
    return report_on({{3, 4}}, [rule]<class T>(const Op& op, const std::vector<Variable<T>>& in) {
        const Variable<T> y = square(in[0].detach());
        return Variable<T>(
            record(op, Array<T>(y.value()))
                .wrt(in[0], [x = keep(in[0]), rule](const Variable<T>& g) -> Variable<T> {
                    return rule(*x, g);
                }));
    });
}

struct OpFault {
    const char* name;
    std::function<OpReport()> report;
    const char* check;  // that fails
    const char* says;   // a part of the story
};

// Reads the first row, which an empty batch does not have.
OpReport zero_size_batch() {
    return report_on_square([](const auto& x, const auto& g) {
        const auto first = broadcast_to(slice(x, 0, 0, 1), x.shape());
        return 2 * x * g + (first - first) * g;
    });
}

// Each of the elements that are the maximum gets the whole gradient.
OpReport tie_convention() {
    return report_on(
        {{3}},
        []<class T>(const Op& op, const std::vector<Variable<T>>& in) {
            const Variable<T> y = max(in[0].detach());
            return Variable<T>(
                record(op, Array<T>(y.value()))
                    .wrt(in[0], [x = keep(in[0]), y](const Variable<T>& g) -> Variable<T> {
                        return g * equal((*x).detach(), y);
                    }));
        },
        [](Sample sample) { return std::move(sample).between(1, 1).linear(); });
}

// Takes the gradient that is there already for a part of its own.
OpReport wrong_under_accumulation() {
    return report_on_square([]<class T>(const Variable<T>& x, const Variable<T>& g) {
        const Variable<T> share = 2 * x * g;
        return x.has_grad() ? share - Variable<T>(Array<T>(x.grad())) : share;
    });
}

OpReport float_only() {
    return report_on_square([]<class T>(const Variable<T>& x, const Variable<T>& g) {
        return T(sizeof(T) == sizeof(float) ? 2.002 : 2) * x * g;
    });
}

// a b with the share of b forgotten where b is a.
OpReport reused_input() {
    return report_on(
        {{3, 4}, {3, 4}}, []<class T>(const Op& op, const std::vector<Variable<T>>& in) {
            const bool is_one = &in[0].value() == &in[1].value();
            const Variable<T> y = in[0].detach() * in[1].detach();
            auto recording =
                record(op, Array<T>(y.value())).wrt(in[0], [b = keep(in[1])](const Variable<T>& g) {
                    return Variable<T>(g * *b);
                });
            const auto share_of_b = [a = keep(in[0]), is_one](const Variable<T>& g) {
                return Variable<T>(is_one ? T(0) * g : g * *a);
            };
            return Variable<T>(std::move(recording).wrt(in[1], share_of_b));
        });
}

const std::vector<OpFault>& faults_of_ops() {
    static const std::vector<OpFault> all = {
        {"zero-size batch", zero_size_batch, "zero size", "along axis 0 of shape (0, 4)"},
        {"tie convention", tie_convention, "gradient", "tie in max (gradcheck_hand_ops.cpp:"},
        {"wrong under accumulation",
         wrong_under_accumulation,
         "accumulation",
         "a second backward does not double the gradient of input 0"},
        {"float-only", float_only, "float", "the gradient of input 0 at (0, 1) float gives"},
        {"an input reused", reused_input, "reuse", "input 0 given as input 1 too: gradient of"}};
    return all;
}

// Some failure of that check says what is expected.
bool is_explained(const OpReport& report, const OpFault& fault) {
    return std::ranges::any_of(report.checks, [&](const OpCheck& check) {
        return check.verdict == OpCheck::Verdict::failed && check.name == fault.check &&
               check.text.find(fault.says) != std::string::npos;
    });
}

}  // namespace

bool check_ops_by_hand(bool stories) {
    std::size_t made = 0, caught = 0, explained = 0;
    for (const OpFault& fault : faults_of_ops()) {
        ++made;
        const OpReport report = fault.report();
        const std::string text = report.to_string();
        caught += report.count(OpCheck::Verdict::failed) > 0;
        const bool is_named = text.starts_with(name_of_op);
        const bool as_expected = is_named && is_explained(report, fault);
        explained += as_expected;
        if (stories)
            fmt::print("--- {}\n{}\n", fault.name, text);
        if (!as_expected) {
            fmt::print(
                "by hand: {}: expected {}: \"{}\":\n{}", fault.name, fault.check, fault.says, text);
        }
    }
    fmt::print("{} wrong ops by hand; caught {}, as expected {}\n", made, caught, explained);
    return caught == made && explained == made;
}

}  // namespace xgrad
