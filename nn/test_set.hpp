// TestSet: the rows that judge a finished model, once.
#pragma once

#include <nn/data.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace xgrad::data {

/// The test set as a type of its own, so that no loader, search or early stopping takes it by
/// mistake: a Dataset comes out of look() alone, which keeps count. A score that was chosen among
/// several looks is no longer a score on unseen rows. Copies share the rows and the count. One
/// thread at a time.
///
///     TestSet<float> test(*parts.test);
///     auto score = train::evaluate(net, test.look("the final score"));
template <class T>
class TestSet {
public:
    /// Takes a test part, or an unsplit dataset and marks it. Throws std::invalid_argument for a
    /// part that something was trained or chosen on: train, train-dev or dev.
    explicit TestSet(const Dataset<T>& dataset);

    /// Number of rows.
    [[nodiscard]] std::size_t size() const noexcept;
    /// 0 for regression.
    [[nodiscard]] std::size_t classes() const noexcept;
    /// How often look() was called, on all copies.
    [[nodiscard]] std::size_t looks() const noexcept;
    /// What each look was for, the first one first.
    [[nodiscard]] const std::vector<std::string>& purposes() const noexcept;

    /// The rows, of part test, for the purpose that is named: "the final score". Valid as long as a
    /// copy of this lives. From the second look on, text() goes to set_warning_handler()'s handler.
    /// Throws std::invalid_argument for an empty purpose; then it is no look.
    [[nodiscard]] const Dataset<T>& look(std::string purpose);

    /// What the looks were for, and from the second look on a warning: "TestSet: 2 looks at 1000
    /// rows, for "a try" and "the final score"; ...".
    [[nodiscard]] std::string text() const;

private:
    struct Content {
        Dataset<T> dataset;
        std::vector<std::string> purposes;
    };

    std::shared_ptr<Content> content_;
};

}  // namespace xgrad::data
