// The test set counts the looks at it, and says so from the second one on.
#include <nn/test_set.hpp>
#include <nn/warning.hpp>
#include <tests/support.hpp>

#include <stdexcept>
#include <type_traits>

using namespace xgrad::data;
using xgrad::test::text_of_error;

namespace {

// Keeps the warnings, and gives the handler before it back.
class Warnings {
public:
    Warnings()
        : before_(xgrad::set_warning_handler(
              [this](const std::string& text) { texts.push_back(text); })) {}
    Warnings(const Warnings&) = delete;
    Warnings& operator=(const Warnings&) = delete;
    ~Warnings() { xgrad::set_warning_handler(before_); }

    std::vector<std::string> texts;

private:
    xgrad::WarningHandler before_;
};

template <class T>
Dataset<T> four_rows() {
    return {xgrad::test::random_array<T>({4, 2}, 1), {0, 1, 2, 0}, 3};
}

}  // namespace

static_assert(!std::is_convertible_v<TestSet<float>, Dataset<float>>);
static_assert(!std::is_constructible_v<Dataset<float>, TestSet<float>>);
static_assert(!std::is_convertible_v<Dataset<float>, TestSet<float>>);

TEST_CASE_TEMPLATE("TestSet gives its rows for a purpose, and counts", T, float, double) {
    const Warnings warnings;
    TestSet<T> test(four_rows<T>());
    CHECK(test.size() == 4);
    CHECK(test.classes() == 3);
    CHECK(test.looks() == 0);
    CHECK(test.text() == "TestSet: no look at 4 rows so far");
    const Dataset<T>& rows = test.look("the final score");
    CHECK(rows.part() == Part::test);
    CHECK(rows.x() == four_rows<T>().x());
    CHECK(test.looks() == 1);
    CHECK(test.text() == "TestSet: 1 look at 4 rows, for \"the final score\"");
    CHECK(warnings.texts.empty());
}

TEST_CASE("TestSet reports the second look with what each was for, on copies too") {
    const Warnings warnings;
    TestSet<float> test(four_rows<float>().as(Part::test));
    static_cast<void>(test.look("lambda 0.1"));
    TestSet<float> copy = test;
    static_cast<void>(copy.look("lambda 0.2"));
    static_cast<void>(test.look("lambda 0.3"));
    CHECK(test.looks() == 3);
    CHECK(copy.purposes() == std::vector<std::string>{"lambda 0.1", "lambda 0.2", "lambda 0.3"});
    REQUIRE(warnings.texts.size() == 2);
    CHECK(
        warnings.texts[0] ==
        "TestSet: 2 looks at 4 rows, for \"lambda 0.1\" and \"lambda 0.2\"; a choice among them is "
        "tuned to these rows: choose on the dev set, and judge on rows not seen before");
    CHECK(warnings.texts[1] == test.text());
    CHECK(
        test.text().find("for \"lambda 0.1\", \"lambda 0.2\" and \"lambda 0.3\";") !=
        std::string::npos);
}

TEST_CASE("TestSet lists a few of many looks") {
    TestSet<float> test(four_rows<float>());
    for (int i = 1; i <= 9; ++i)
        static_cast<void>(test.look(std::string(1, static_cast<char>('a' + i - 1))));
    const std::string start = "TestSet: 9 looks at 4 rows, for ";
    CHECK(
        test.text().substr(0, test.text().find(';')) ==
        start + R"("a", "b", "c", "d", "e", "f", "g", 1 more and "i")");
}

TEST_CASE("TestSet refuses rows that were trained or chosen on, and a look for nothing") {
    for (const Part part : {Part::train, Part::train_dev, Part::dev}) {
        CHECK(
            text_of_error<std::invalid_argument>([&] {
                TestSet<float>(four_rows<float>().as(part));
            }) == std::string("TestSet: the 4 rows are the ") + to_string(part) +
                      " part; need rows that nothing was trained or chosen on");
    }
    TestSet<float> test(four_rows<float>());
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(test.look(""));
          }) == "TestSet::look: the purpose is empty; say what the look is for");
    CHECK(test.looks() == 0);
}

TEST_CASE("set_warning_handler gives back the handler before, and an empty one drops warnings") {
    int first = 0;
    const auto before = xgrad::set_warning_handler([&](const std::string&) { ++first; });
    TestSet<float> test(four_rows<float>());
    static_cast<void>(test.look("a"));
    static_cast<void>(test.look("b"));
    CHECK(first == 1);
    const auto handler = xgrad::set_warning_handler({});
    static_cast<void>(test.look("c"));
    CHECK(first == 1);
    handler("by hand");
    CHECK(first == 2);
    xgrad::set_warning_handler(before);
}
