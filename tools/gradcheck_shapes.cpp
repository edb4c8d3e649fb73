#include <tools/gradcheck_case.hpp>

#include <optional>
#include <set>
#include <stdexcept>

namespace xgrad::detail {
namespace {

// What a call with some inputs comes to.
struct Result {
    bool threw = false;
    bool proper = true;  // the exception is one for the caller's fault
    std::string text;    // of the exception, or the result's shape

    friend bool operator==(const Result&, const Result&) = default;
};

std::string to_string(const Result& result) {
    return result.threw ? fmt::format("throws \"{}\"", result.text)
                        : fmt::format("returns shape {}", result.text);
}

template <class T>
Result try_call(const Case& one, const std::vector<Array<double>>& values, bool recorded) {
    const GradModeGuard mode(recorded);
    try {
        return {false, true, xgrad::to_string(call(one, leaves<T>(values, one.asks())).shape())};
    } catch (const std::invalid_argument& error) {
        return {true, true, error.what()};
    } catch (const IndexError& error) {
        return {true, true, error.what()};
    } catch (const std::exception& error) {
        return {true, false, error.what()};
    }
}

// The result in double and recorded, when the other three ways come to the same; else a story.
struct Agreed {
    Result result;
    std::string story;
};

Agreed try_all(const Case& one, const std::vector<Shape>& shapes) {
    const auto values = draw_inputs(one.sample, shapes, false, one.random(3));
    const Result first = try_call<double>(one, values, true);
    const auto compare = [&](const char* how, const Result& other) {
        return other == first ? ""
                              : fmt::format(
                                    "shapes {}: {} in double and recorded, {} {}",
                                    list_shapes(shapes),
                                    to_string(first),
                                    to_string(other),
                                    how);
    };
    std::string story = compare("unrecorded", try_call<double>(one, values, false));
    if (story.empty())
        story = compare("in float", try_call<float>(one, values, true));
    if (story.empty())
        story = compare("in float and unrecorded", try_call<float>(one, values, false));
    if (story.empty() && !first.proper) {
        story = fmt::format(
            "shapes {}: {}, which is no ShapeError, IndexError or invalid_argument",
            list_shapes(shapes),
            to_string(first));
    }
    return {first, story};
}

// Gradients of a call with empty inputs: of the inputs' shapes, and zero where the result is
// empty, since there is nothing to sum.
std::string check_empty_gradients(const Case& one, const std::vector<Shape>& shapes) {
    const auto values = draw_inputs(one.sample, shapes, false, one.random(3));
    const auto inputs = leaves<double>(values, one.asks());
    const Variable<double> y = call(one, inputs);
    const auto gradients = gradients_of(y, seed_of(one, y), inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!gradients[i].defined())
            continue;
        const Array<double>& gradient = gradients[i].value();
        if (gradient.shape() != inputs[i].shape()) {
            return fmt::format(
                "shapes {}: the gradient of input {} has shape {}",
                list_shapes(shapes),
                i,
                gradient.shape());
        }
        for (std::size_t k = 0; y.size() == 0 && k < gradient.size(); ++k) {
            if (gradient.data()[k] != 0) {
                return fmt::format(
                    "shapes {}: the result is empty, and the gradient of input {} at {} is {}",
                    list_shapes(shapes),
                    i,
                    index_string(k, gradient.shape()),
                    gradient.data()[k]);
            }
        }
    }
    return "";
}

// The sample's shapes with every extent of one size set to 0, for each size; and with all.
std::vector<std::vector<Shape>> emptied(const std::vector<Shape>& shapes) {
    std::set<std::size_t> extents;
    for (const Shape& shape : shapes)
        extents.insert(shape.begin(), shape.end());
    std::vector<std::vector<Shape>> all;
    const auto add = [&](auto goes) {
        std::vector<Shape> next = shapes;
        for (Shape& shape : next)
            std::replace_if(shape.begin(), shape.end(), goes, std::size_t(0));
        all.push_back(std::move(next));
    };
    for (const std::size_t extent : extents)
        add([extent](std::size_t e) { return e == extent; });
    if (extents.size() > 1)
        add([](std::size_t) { return true; });
    return all;
}

// The sample's shapes with input i's changed: an axis more, an axis less, no axis, other extents.
std::vector<std::vector<Shape>> misshapen(const std::vector<Shape>& shapes) {
    using Extents = std::vector<std::size_t>;
    std::vector<std::vector<Shape>> all;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const Extents own(shapes[i].begin(), shapes[i].end());
        Extents more = {2};
        more.insert(more.end(), own.begin(), own.end());
        Extents other = own;
        for (std::size_t& extent : other)
            ++extent;
        const Extents less(own.begin() + (own.empty() ? 0 : 1), own.end());
        for (const Extents& variant : {more, other, less, Extents()}) {
            if (variant == own)
                continue;
            all.push_back(shapes);
            all.back()[i] = Shape(variant.begin(), variant.end());
        }
    }
    return all;
}

}  // namespace

bool accepts(const Case& one, const std::vector<Shape>& shapes) {
    std::vector<Array<double>> values;
    try {
        values = draw_inputs(one.sample, shapes, one.sample.distinct, one.random(3));
    } catch (const std::invalid_argument&) {
        return false;  // no room for so many
    }
    if (try_call<double>(one, values, true).threw)
        return false;
    const NoGradGuard plain;
    const Array<double> y = call(one, leaves<double>(values, one.asks())).value();
    return y.size() > 0 &&
           std::all_of(y.data(), y.data() + y.size(), [](double v) { return std::isfinite(v); });
}

Outcome check_zero_size(const Case& one) {
    const auto variants = emptied(one.sample.shapes);
    std::size_t accepted = 0;
    for (const auto& shapes : variants) {
        const Agreed agreed = try_all(one, shapes);
        if (!agreed.story.empty())
            return failed(agreed.story);
        if (agreed.result.threw)
            continue;
        ++accepted;
        const std::string story = check_empty_gradients(one, shapes);
        if (!story.empty())
            return failed(story);
    }
    if (variants.empty())
        return skipped("no input has an axis");
    return {OpCheck::Verdict::passed, fmt::format("{} of {} work", accepted, variants.size())};
}

Outcome check_exceptions(const Case& one) {
    for (const auto& shapes : misshapen(one.sample.shapes)) {
        const Agreed agreed = try_all(one, shapes);
        if (!agreed.story.empty())
            return failed(agreed.story);
    }
    return {};
}

}  // namespace xgrad::detail
