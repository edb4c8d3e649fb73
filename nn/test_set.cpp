#include <autograd/fail.hpp>
#include <nn/test_set.hpp>
#include <nn/warning.hpp>

#include <stdexcept>
#include <utility>

namespace xgrad::data {
namespace {

// "a", "b" and "c"; of more than listed_looks the first ones and the last.
std::string list_of(const std::vector<std::string>& purposes) {
    constexpr std::size_t listed_looks = 8;
    const std::size_t last = purposes.size() - 1;
    std::string text;
    for (std::size_t i = 0; i <= last; ++i) {
        if (last >= listed_looks && i + 1 >= listed_looks && i < last) {
            text += fmt::format(", {} more", last - i);
            i = last;
        }
        text += i == 0 ? "" : i == last ? " and " : ", ";
        text += '"' + purposes[i] + '"';
    }
    return text;
}

}  // namespace

template <class T>
TestSet<T>::TestSet(const Dataset<T>& dataset)
    : content_(std::make_shared<Content>(Content{dataset.as(Part::test), {}})) {
    if (dataset.part() != Part::unsplit && dataset.part() != Part::test) {
        fail<std::invalid_argument>(
            "TestSet: the {} rows are the {} part; need rows that nothing was trained or chosen on",
            dataset.size(),
            to_string(dataset.part()));
    }
}

template <class T>
std::size_t TestSet<T>::size() const noexcept {
    return content_->dataset.size();
}

template <class T>
std::size_t TestSet<T>::classes() const noexcept {
    return content_->dataset.classes();
}

template <class T>
std::size_t TestSet<T>::looks() const noexcept {
    return content_->purposes.size();
}

template <class T>
const std::vector<std::string>& TestSet<T>::purposes() const noexcept {
    return content_->purposes;
}

template <class T>
const Dataset<T>& TestSet<T>::look(std::string purpose) {
    if (purpose.empty())
        fail<std::invalid_argument>(
            "TestSet::look: the purpose is empty; say what the look is for");
    content_->purposes.push_back(std::move(purpose));
    if (looks() > 1)
        xgrad::detail::warn(text());
    return content_->dataset;
}

template <class T>
std::string TestSet<T>::text() const {
    if (looks() == 0)
        return fmt::format("TestSet: no look at {} rows so far", size());
    const std::string list = list_of(purposes());
    if (looks() == 1)
        return fmt::format("TestSet: 1 look at {} rows, for {}", size(), list);
    return fmt::format(
        "TestSet: {} looks at {} rows, for {}; a choice among them is tuned to these rows: choose "
        "on the dev set, and judge on rows not seen before",
        looks(),
        size(),
        list);
}

template class TestSet<float>;
template class TestSet<double>;

}  // namespace xgrad::data
