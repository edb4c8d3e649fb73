// Metrics against scikit-learn's, as reference/make_metrics.py stored them, and their errors.
#include <nn/metrics.hpp>
#include <tests/nn/trajectory.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace xgrad;
using namespace xgrad::train;
using xgrad::test::Json;
using xgrad::test::stored;
using xgrad::test::text_of_error;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Array<double> matrix(const Json& rows) {
    auto array = empty<double>({rows.size(), rows[0].size()});
    std::size_t at = 0;
    for (const Json& row : rows) {
        for (const Json& value : row)
            array.data()[at++] = value.get<double>();
    }
    return array;
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-12; }

bool near(const ClassScores& scores, const Json& three) {
    return near(scores.precision, three[0]) && near(scores.recall, three[1]) &&
           near(scores.f1, three[2]);
}

}  // namespace

TEST_CASE("the confusion matrix and its figures are scikit-learn's") {
    const Json all = stored("metrics.json");
    for (const Json& row : all.at("classification")) {
        const auto scores = matrix(row.at("scores"));
        const auto labels = row.at("labels").get<data::Labels>();
        ConfusionMatrix confusion(scores.shape()[1]);
        // In two batches.
        const data::Dataset<double> rows(scores, labels, scores.shape()[1]);
        const auto first = rows.subset({0, 1, 2});
        data::Rows rest(labels.size() - 3);
        for (std::size_t i = 0; i < rest.size(); ++i)
            rest[i] = i + 3;
        confusion.add(first.x(), first.y());
        confusion.add(rows.subset(rest).x(), rows.subset(rest).y());
        CHECK(confusion.total() == labels.size());
        for (std::size_t i = 0; i < confusion.classes(); ++i) {
            for (std::size_t j = 0; j < confusion.classes(); ++j)
                CHECK(confusion.count(i, j) == row.at("matrix")[i][j].get<std::size_t>());
            const Json& per_class = row.at("per_class");
            CHECK(
                near(confusion.scores(i), Json{per_class[0][i], per_class[1][i], per_class[2][i]}));
        }
        CHECK(near(confusion.accuracy(), row.at("accuracy")));
        CHECK(near(confusion.macro(), row.at("macro")));
        CHECK(near(confusion.weighted(), row.at("weighted")));
        CHECK(near(confusion.micro(), row.at("micro")));
        if (row.contains("top_k")) {
            for (std::size_t k = 1; k < confusion.classes(); ++k)
                CHECK(near(top_k_accuracy(scores, labels, k), row.at("top_k")[k - 1]));
            CHECK(top_k_accuracy(scores, labels, confusion.classes()) == 1);
            CHECK(near(metric::top_k<double>(2).function(scores, rows), row.at("top_k")[1]));
        } else {
            CHECK(near(metric::auc<double>().function(scores, rows), row.at("auc")));
        }
        CHECK(near(metric::macro_f1<double>().function(scores, rows), row.at("macro")[2]));
        CHECK(near(metric::accuracy<double>().function(scores, rows), row.at("accuracy")));
    }
}

TEST_CASE("the figures of regression are scikit-learn's") {
    const Json all = stored("metrics.json");
    for (const Json& row : all.at("regression")) {
        const auto outputs = matrix(row.at("outputs")), targets = matrix(row.at("targets"));
        CHECK(near(mean_squared_error(outputs, targets), row.at("mse")));
        CHECK(near(root_mean_squared_error(outputs, targets), row.at("rmse")));
        CHECK(near(mean_absolute_error(outputs, targets), row.at("mae")));
        CHECK(near(r2_score(outputs, targets), row.at("r2")));
        const data::Dataset<double> rows(outputs, targets);
        CHECK(near(metric::r2<double>().function(outputs, rows), row.at("r2")));
        CHECK(near(metric::rmse<double>().function(outputs, rows), row.at("rmse")));
        CHECK(near(metric::mae<double>().function(outputs, rows), row.at("mae")));
    }
}

TEST_CASE("a constant column counts 1 where it is met and else 0, whatever the constant") {
    for (const double constant : {0.1, 3.0, 5.0, 1e-9}) {
        for (const std::size_t rows : {6U, 7U, 11U}) {
            const Array<double> targets({rows, 1}, constant);
            CHECK(r2_score(targets, targets) == 1);
            CHECK(r2_score(Array<double>(targets + 0.01), targets) == 0);
        }
    }
}

TEST_CASE("r2_score is NaN where a number is not finite") {
    const auto numbers = test::array<double>({2, 2}, {1, 2, 3, 4});
    for (const double bad : {not_a_number, HUGE_VAL, -HUGE_VAL}) {
        const auto with_bad = test::array<double>({2, 2}, {1, bad, 3, 4});
        CHECK(std::isnan(r2_score(numbers, with_bad)));
    }
    const Array<double> constant({2, 2}, 1.0);
    CHECK(std::isnan(r2_score(test::array<double>({2, 2}, {1, not_a_number, 1, 1}), constant)));
}

TEST_CASE("a row with a NaN predicts nothing and is an error") {
    const auto scores = test::array<double>({2, 2}, {not_a_number, 0, 0, 1});
    ConfusionMatrix confusion(2);
    confusion.add(scores, {0, 1});
    CHECK(confusion.total() == 2);
    CHECK(confusion.count(0, 0) == 0);
    CHECK(confusion.support(0) == 1);
    CHECK(confusion.accuracy() == 0.5);
    CHECK(confusion.micro().precision == 1);
    CHECK(confusion.micro().recall == 0.5);
    CHECK(top_k_accuracy(scores, {0, 1}, 2) == 0.5);
}

TEST_CASE("the confusion matrix prints as a table") {
    ConfusionMatrix confusion(2);
    confusion.add(0, 0);
    confusion.add(1, 0);
    confusion.add(1, 1);
    confusion.add(1, 1);
    CHECK(
        confusion.text({"cat", "dog"}) ==
        "label    cat dog  precision  recall      F1\n"
        "cat        1   0     0.5000  1.0000  0.6667\n"
        "dog        1   2     1.0000  0.6667  0.8000\n"
        "macro                0.7500  0.8333  0.7333\n"
        "weighted             0.8750  0.7500  0.7667\n"
        "accuracy 0.7500 of 4 rows\n");
    CHECK(confusion.text().starts_with("label      0   1  precision"));
}

TEST_CASE("metrics say what does not fit") {
    const auto scores = test::array<double>({2, 2}, {1, 0, 0, 1});
    const auto invalid = [](auto f) { return text_of_error<std::invalid_argument>(f); };
    const auto shape = [](auto f) { return text_of_error<ShapeError>(f); };
    const auto index = [](auto f) { return text_of_error<IndexError>(f); };
    CHECK(invalid([] {
              ConfusionMatrix confusion(0);
          }) == "ConfusionMatrix: classes is 0; need at least 1");
    ConfusionMatrix confusion(3);
    CHECK(shape([&] {
              confusion.add(scores, {0, 1});
          }) == "ConfusionMatrix::add: scores has shape (2, 2); need (2, 3)");
    CHECK(
        shape([&] { confusion.add(scores, {0}); }) ==
        "ConfusionMatrix::add: scores has shape (2, 2), there are 1 labels; need (labels, "
        "classes)");
    CHECK(index([&] {
              confusion.add(scores, {0, 2});
          }) == "ConfusionMatrix::add: the label of row 1 is 2; need 0 <= label < 2");
    CHECK(confusion.total() == 0);
    CHECK(index([&] {
              confusion.add(0, 3);
          }) == "ConfusionMatrix: there is no class 3; need 0 <= class < 3");
    CHECK(invalid([&] {
              static_cast<void>(confusion.text({"one"}));
          }) == "ConfusionMatrix::text: there are 1 names; need 3");
    CHECK(invalid([&] {
              static_cast<void>(top_k_accuracy(scores, {0, 1}, 3));
          }) == "top_k_accuracy: k is 3; need 1 <= k <= 2, the classes");
    const auto two = test::array<double>({2}, {1, 0});
    CHECK(shape([&] {
              static_cast<void>(roc_auc(two, {1}));
          }) == "roc_auc: scores has shape (2,), there are 1 labels; need a score for each");
    CHECK(invalid([&] {
              static_cast<void>(roc_auc(two, {1, 1}));
          }) == "roc_auc: 0 rows have label 0 and 2 label 1; need rows of both");
    CHECK(invalid([&] {
              static_cast<void>(roc_auc(two, {1, 2}));
          }) == "roc_auc: row 1 has score 0 and label 2; need a number, and label 0 or 1");
    CHECK(
        shape([&] { static_cast<void>(r2_score(two, scores)); }) ==
        "r2_score: outputs has shape (2,), targets (2, 2); need the same, with at least one "
        "element");
}
