#include <autograd/fail.hpp>
#include <nn/pooling.hpp>

namespace xgrad::nn {

namespace {

std::string text_of(RowsColumns n) {
    return n.rows == n.columns ? fmt::format("{}", n.rows)
                               : fmt::format("({}, {})", n.rows, n.columns);
}

std::string text_of(
    const char* layer, RowsColumns kernel, RowsColumns stride, RowsColumns padding) {
    std::string text = fmt::format("{}({}", layer, text_of(kernel));
    if (stride.rows != same_as_kernel || stride.columns != same_as_kernel)
        text += ", stride " + text_of(stride);
    if (padding.rows != 0 || padding.columns != 0)
        text += ", padding " + text_of(padding);
    return text + ")";
}

}  // namespace

template <class T>
Lambda<T> MaxPool1d(std::size_t kernel, MaxPool1dOptions options) {
    return {
        text_of("MaxPool1d", kernel, options.stride, options.padding),
        [kernel, options](const auto& x) { return max_pool1d(x, kernel, options); }};
}
template <class T>
Lambda<T> MaxPool2d(RowsColumns kernel, MaxPool2dOptions options) {
    return {
        text_of("MaxPool2d", kernel, options.stride, options.padding),
        [kernel, options](const auto& x) { return max_pool2d(x, kernel, options); }};
}
template <class T>
Lambda<T> AvgPool1d(std::size_t kernel, AvgPool1dOptions options) {
    return {
        text_of("AvgPool1d", kernel, options.stride, options.padding),
        [kernel, options](const auto& x) { return avg_pool1d(x, kernel, options); }};
}
template <class T>
Lambda<T> AvgPool2d(RowsColumns kernel, AvgPool2dOptions options) {
    return {
        text_of("AvgPool2d", kernel, options.stride, options.padding),
        [kernel, options](const auto& x) { return avg_pool2d(x, kernel, options); }};
}
template <class T>
Lambda<T> AdaptiveMaxPool1d(std::size_t size) {
    return {fmt::format("AdaptiveMaxPool1d({})", text_of(size)), [size](const auto& x) {
                return adaptive_max_pool1d(x, size);
            }};
}
template <class T>
Lambda<T> AdaptiveMaxPool2d(RowsColumns size) {
    return {fmt::format("AdaptiveMaxPool2d({})", text_of(size)), [size](const auto& x) {
                return adaptive_max_pool2d(x, size);
            }};
}
template <class T>
Lambda<T> AdaptiveAvgPool1d(std::size_t size) {
    return {fmt::format("AdaptiveAvgPool1d({})", text_of(size)), [size](const auto& x) {
                return adaptive_avg_pool1d(x, size);
            }};
}
template <class T>
Lambda<T> AdaptiveAvgPool2d(RowsColumns size) {
    return {fmt::format("AdaptiveAvgPool2d({})", text_of(size)), [size](const auto& x) {
                return adaptive_avg_pool2d(x, size);
            }};
}

template Lambda<float> MaxPool1d(std::size_t, MaxPool1dOptions);
template Lambda<double> MaxPool1d(std::size_t, MaxPool1dOptions);
template Lambda<float> MaxPool2d(RowsColumns, MaxPool2dOptions);
template Lambda<double> MaxPool2d(RowsColumns, MaxPool2dOptions);
template Lambda<float> AvgPool1d(std::size_t, AvgPool1dOptions);
template Lambda<double> AvgPool1d(std::size_t, AvgPool1dOptions);
template Lambda<float> AvgPool2d(RowsColumns, AvgPool2dOptions);
template Lambda<double> AvgPool2d(RowsColumns, AvgPool2dOptions);
template Lambda<float> AdaptiveMaxPool1d(std::size_t);
template Lambda<double> AdaptiveMaxPool1d(std::size_t);
template Lambda<float> AdaptiveMaxPool2d(RowsColumns);
template Lambda<double> AdaptiveMaxPool2d(RowsColumns);
template Lambda<float> AdaptiveAvgPool1d(std::size_t);
template Lambda<double> AdaptiveAvgPool1d(std::size_t);
template Lambda<float> AdaptiveAvgPool2d(RowsColumns);
template Lambda<double> AdaptiveAvgPool2d(RowsColumns);

}  // namespace xgrad::nn
