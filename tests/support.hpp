// What the tests share: arrays compared with both printed, and the text of an error.
#pragma once

#include <autograd/array.hpp>
#include <autograd/variable.hpp>
#include <tests/temp_folder.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <random>
#include <sstream>
#include <string>

namespace xgrad::test {

/// An array as text, all of it up to 64 elements: "(2,) {1, 2}".
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

/// The same number to within `tolerance`, relative above 1 and absolute below; NaN is NaN.
template <class T>
bool is_close(T a, T b, double tolerance) {
    if (std::isnan(a) || std::isnan(b))
        return std::isnan(a) && std::isnan(b);
    if (std::isinf(a) || std::isinf(b))
        return a == b;
    const double size = std::max({1.0, std::abs(double(a)), std::abs(double(b))});
    return std::abs(double(a) - double(b)) <= tolerance * size;
}

/// Empty when the arrays have one shape and close elements; else what differs, and both arrays.
template <class T>
std::string difference(const Array<T>& got, const Array<T>& expected, double tolerance) {
    std::string fault;
    if (got.shape() != expected.shape()) {
        fault = "the shapes differ";
    } else {
        for (std::size_t i = 0; i < got.size() && fault.empty(); ++i) {
            if (!is_close(got.data()[i], expected.data()[i], tolerance))
                fault = "element " + index_string(i, got.shape()) + " differs";
        }
    }
    if (fault.empty())
        return "";
    return fault + "\n  got      " + text_of(got) + "\n  expected " + text_of(expected);
}

template <class T>
void check_close(const Array<T>& got, const Array<T>& expected, double tolerance = 1e-12) {
    const std::string fault = difference(got, expected, tolerance);
    CHECK_MESSAGE(fault.empty(), fault);
}

/// The same shape and the same bits; NaN equals NaN.
template <class T>
void check_same(const Array<T>& got, const Array<T>& expected) {
    check_close(got, expected, 0);
}

/// The text of the error that `f` throws; fails when it throws none, or one of another type.
template <class Error, class F>
std::string text_of_error(F f) {
    try {
        f();
    } catch (const Error& error) {
        return error.what();
    } catch (const std::exception& error) {
        return std::string("another type of error: ") + error.what();
    }
    return "no error";
}

/// An array of that shape with those elements: braces alone cannot say (1, 1) or (2, 1).
template <class T = double>
Array<T> array(const Shape& shape, std::initializer_list<std::type_identity_t<T>> elements) {
    REQUIRE(elements.size() == count(shape));
    Array<T> values = empty<T>(shape);
    std::copy(elements.begin(), elements.end(), values.data());
    return values;
}

/// The same numbers in every run: uniform in [low, high].
template <class T>
Array<T> random_array(const Shape& shape, unsigned seed, double low = -2, double high = 2) {
    std::mt19937_64 engine(seed);
    Array<T> values = empty<T>(shape);
    for (T& value : values) {
        const double unit = static_cast<double>(engine() >> 11) * 0x1p-53;
        value = static_cast<T>(low + (high - low) * unit);
    }
    return values;
}

}  // namespace xgrad::test
