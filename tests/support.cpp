#include <tests/support.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <sstream>

namespace xgrad::test {

template <class T>
std::string text_of(const Array<T>& array) {
    std::ostringstream text;
    text.precision(17);
    text << to_string(array.shape()) << " {";
    for (std::size_t i = 0; i < std::min<std::size_t>(array.size(), 64); ++i)
        text << (i > 0 ? ", " : "") << array.data()[i];
    text << (array.size() > 64 ? ", ...}" : "}");
    return text.str();
}

bool is_close(double a, double b, double tolerance) {
    if (std::isnan(a) || std::isnan(b))
        return std::isnan(a) && std::isnan(b);
    if (std::isinf(a) || std::isinf(b))
        return a == b;
    return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

template <class T>
std::string difference(const Array<T>& got, const Array<T>& expected, double tolerance) {
    std::string fault;
    if (got.shape() != expected.shape()) {
        fault = "the shapes differ";
    } else {
        for (std::size_t i = 0; i < got.size() && fault.empty(); ++i) {
            if (!is_close(
                    static_cast<double>(got.data()[i]),
                    static_cast<double>(expected.data()[i]),
                    tolerance))
                fault = "element " + index_string(i, got.shape()) + " differs";
        }
    }
    if (fault.empty())
        return "";
    return fault + "\n  got      " + text_of(got) + "\n  expected " + text_of(expected);
}

template <class T>
void check_close(const Array<T>& got, const Array<T>& expected, double tolerance) {
    const std::string fault = difference(got, expected, tolerance);
    CHECK_MESSAGE(fault.empty(), fault);
}

template <class T>
void check_same(const Array<T>& got, const Array<T>& expected) {
    check_close(got, expected, 0);
}

template <class T>
Array<T> array(const Shape& shape, std::initializer_list<std::type_identity_t<T>> elements) {
    REQUIRE(elements.size() == count(shape));
    Array<T> values = empty<T>(shape);
    std::copy(elements.begin(), elements.end(), values.data());
    return values;
}

template <class T>
Array<T> random_array(const Shape& shape, unsigned seed, double low, double high) {
    std::mt19937_64 engine(seed);
    Array<T> values = empty<T>(shape);
    for (T& value : values) {
        const double unit = static_cast<double>(engine() >> 11) * 0x1p-53;
        value = static_cast<T>(low + (high - low) * unit);
    }
    return values;
}

template std::string text_of(const Array<float>&);
template std::string text_of(const Array<double>&);
template std::string text_of(const Array<std::int64_t>&);
template std::string difference(const Array<float>&, const Array<float>&, double);
template std::string difference(const Array<double>&, const Array<double>&, double);
template void check_close(const Array<float>&, const Array<float>&, double);
template void check_close(const Array<double>&, const Array<double>&, double);
template void check_close(const Array<std::int64_t>&, const Array<std::int64_t>&, double);
template void check_same(const Array<float>&, const Array<float>&);
template void check_same(const Array<double>&, const Array<double>&);
template void check_same(const Array<std::int64_t>&, const Array<std::int64_t>&);
template Array<float> array(const Shape&, std::initializer_list<float>);
template Array<double> array(const Shape&, std::initializer_list<double>);
template Array<int> array(const Shape&, std::initializer_list<int>);
template Array<std::int64_t> array(const Shape&, std::initializer_list<std::int64_t>);
template Array<float> random_array(const Shape&, unsigned, double, double);
template Array<double> random_array(const Shape&, unsigned, double, double);

}  // namespace xgrad::test
