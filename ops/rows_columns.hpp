// A number for each axis of an image.
#pragma once

#include <cstddef>

namespace xgrad {

/// A number for rows and one for columns; a single number stands for both.
struct RowsColumns {
    constexpr RowsColumns(std::size_t both) : rows(both), columns(both) {}
    constexpr RowsColumns(std::size_t r, std::size_t c) : rows(r), columns(c) {}
    std::size_t rows, columns;
};

}  // namespace xgrad
