#include <autograd/op.hpp>
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
        CHECK(report.shapes.size() == op->samples().size());
        for (const double error : report.relative_error)
            CHECK(error <= 1e-6);
        for (const double ratio : report.norm_ratio)
            CHECK(ratio <= 1e-7);
    }
}

TEST_CASE("another seed, another step: the verdicts stay") {
    for (const Op* op : all_ops()) {
        CAPTURE(op->name());
        const OpReport reseeded = check_op(*op, {.order = 2, .seed = 1});
        CHECK_MESSAGE(reseeded.ok(), reseeded.to_string());
        const OpReport coarse = check_op(*op, {.order = 1, .step = 1e-5});
        CHECK_MESSAGE(coarse.ok(), coarse.to_string());
    }
}

}  // namespace xgrad
