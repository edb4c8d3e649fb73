#include <autograd/op.hpp>
#include <autograd/profile.hpp>
#include <ops/ops.hpp>
#include <tools/gradcheck_op.hpp>

#include <doctest/doctest.h>

namespace xgrad {

TEST_CASE("the registry holds the library's ops") {
    // An empty registry would pass the next case.
    CHECK(all_ops().size() >= 60);
    for (const char* name : {"add", "mul", "tanh", "relu", "sum", "matmul", "softmax", "reshape"}) {
        CAPTURE(name);
        CHECK(find_op(name) != nullptr);
    }
}

TEST_CASE("every registered op keeps its promises on every sample, to second order") {
    for (const Op* op : all_ops()) {
        CAPTURE(op->name());
        const OpReport report = check_op(*op);
        CHECK_MESSAGE(report.ok(), report.to_string());
        CHECK(report.ending == "");  // every rule is in public ops
        CHECK(report.shapes.size() == op->samples().size());
        for (const double error : report.relative_error)
            CHECK(error <= 1e-6);
        for (const double ratio : report.norm_ratio)
            CHECK(ratio <= 1e-7);
    }
}

TEST_CASE("other inputs, another step: the verdicts stay") {
    for (const Op* op : all_ops()) {
        CAPTURE(op->name());
        for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
            const OpReport report = check_op(*op, {.order = 2, .seed = seed});
            CHECK_MESSAGE(report.ok(), report.to_string());
        }
        const OpReport coarse = check_op(*op, {.order = 3, .step = 1e-5});
        CHECK_MESSAGE(coarse.ok(), coarse.to_string());
    }
}

TEST_CASE("every op passes in float, whatever the inputs") {
    // In some draws small elements are what large terms leave, and in one a whole gradient is.
    for (const Op* op : all_ops()) {
        CAPTURE(op->name());
        for (std::uint64_t seed = 0; seed < 16; ++seed) {
            const OpReport report = check_op(*op, {.seed = seed, .in_float = true});
            CHECK_MESSAGE(report.ok(), report.to_string());
        }
    }
}

TEST_CASE("every op of one kernel is right to third order") {
    std::size_t elementwise = 0;
    for (const Op* op : all_ops()) {
        // A formula's samples are called on the op itself: one node carries it.
        const Sample& sample = op->samples().front();
        std::vector<Variable<double>> in;
        for (const Shape& shape : sample.shapes)
            in.emplace_back(Array<double>(shape, (sample.low + sample.high) / 2));
        if (!sample.fixed.empty())
            continue;
        const ProfileGuard profile;
        const Variable<double> y = sample.call_double(in);
        const auto ran = profile.ops();
        if (ran.size() != 1 || ran[0].op != op->name() || ran[0].calls != 1)
            continue;
        CAPTURE(op->name());
        const OpReport report = check_op(*op, {.order = 3});
        CHECK_MESSAGE(report.ok(), report.to_string());
        ++elementwise;
    }
    CHECK(elementwise >= 70);
}

TEST_CASE("pow: derivatives by the exponent are right at exponents 0, 1 and 2") {
    const Variable<double> base(Array<double>{0.5, 1.5, 2}, true);
    const Variable<double> exponent(Array<double>{0, 1, 2}, true);
    const auto report = gradcheck(
        [](const Variables& in) { return pow(in[0], in[1]); }, {base, exponent}, {.order = 4});
    CHECK_MESSAGE(report.ok(), report.to_string());
}

}  // namespace xgrad
