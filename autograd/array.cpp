#include <autograd/array.hpp>

#include <fmt/format.h>

namespace xgrad {

std::size_t count(const Shape& shape) noexcept {
    std::size_t n = 1;
    for (const std::size_t extent : shape)
        n *= extent;
    return n;
}

std::string to_string(const Shape& shape) {
    if (shape.size() == 1)
        return fmt::format("({},)", shape[0]);
    return fmt::format("({})", fmt::join(shape.begin(), shape.end(), ", "));
}

std::string index_string(std::size_t flat, const Shape& shape) {
    Shape index(shape.size(), 0);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        index[axis] = flat % shape[axis];
        flat /= shape[axis];
    }
    return to_string(index);
}

}  // namespace xgrad
