// Checks of the whole text of an error.
#pragma once

#include <ops/ops.hpp>
#include <tests/support.hpp>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace xgrad::test {

using Labels = std::vector<std::int64_t>;

inline Variable<double> of(const Shape& shape) {
    return Variable<double>(Array<double>(shape, 1.0), true);
}

#define CHECK_SHAPE_ERROR(call, text) \
    CHECK(text_of_error<ShapeError>([&] { static_cast<void>(call); }) == (text))
#define CHECK_INDEX_ERROR(call, text) \
    CHECK(text_of_error<IndexError>([&] { static_cast<void>(call); }) == (text))
#define CHECK_ARGUMENT_ERROR(call, text) \
    CHECK(text_of_error<std::invalid_argument>([&] { static_cast<void>(call); }) == (text))

}  // namespace xgrad::test
