// What the tests share: arrays compared with both printed, and the text of an error.
#pragma once

#include <autograd/array.hpp>
#include <autograd/variable.hpp>
#include <tests/temp_folder.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <initializer_list>
#include <string>
#include <type_traits>

namespace xgrad::test {

/// An array as text, all of it up to 64 elements: "(2,) {1, 2}".
template <class T>
std::string text_of(const Array<T>& array);

/// The same number to within `tolerance`, relative above 1 and absolute below; NaN is NaN.
bool is_close(double a, double b, double tolerance);

/// Empty when the arrays have one shape and close elements; else what differs, and both arrays.
template <class T>
std::string difference(const Array<T>& got, const Array<T>& expected, double tolerance);

template <class T>
void check_close(const Array<T>& got, const Array<T>& expected, double tolerance = 1e-12);

/// The same shape and the same bits; NaN equals NaN.
template <class T>
void check_same(const Array<T>& got, const Array<T>& expected);

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
Array<T> array(const Shape& shape, std::initializer_list<std::type_identity_t<T>> elements);

/// The same numbers in every run: uniform in [low, high].
template <class T>
Array<T> random_array(const Shape& shape, unsigned seed, double low = -2, double high = 2);

}  // namespace xgrad::test
