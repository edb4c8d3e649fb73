#include <autograd/error.hpp>
#include <nn/csv.hpp>
#include <nn/rng.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <stdexcept>

using xgrad::IoError;
using xgrad::Rng;
using xgrad::Shape;
using namespace xgrad::data;
using xgrad::test::TempFolder;
using xgrad::test::text_of_error;

namespace fs = std::filesystem;

namespace {

fs::path write(const TempFolder& folder, const std::string& text) {
    const fs::path path = folder / "file.csv";
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Column number(std::string name, std::vector<double> values) {
    return {.name = std::move(name), .values = std::move(values)};
}

Column category(std::string name, std::vector<std::string> names, std::vector<double> codes) {
    return {std::move(name), ColumnType::category, std::move(names), std::move(codes)};
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

/// What /proc/self/status says of this process's memory.
long kib(const std::string& name) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != name) {}
    long kib = 0;
    status >> kib;
    REQUIRE(kib > 0);
    return kib;
}

std::string refuses_options(const CsvOptions& options) {
    const TempFolder folder;
    const fs::path path = write(folder, "a,b,c,d,e,f\n1,2,3,4,5,6\n");
    return text_of_error<std::invalid_argument>(
        [&] { static_cast<void>(read_csv(path, options)); });
}

}  // namespace

TEST_CASE("what write_csv writes reads back the same, to the bit") {
    const TempFolder folder;
    Rng rng(3);
    std::vector<double> numbers{0.1, -0.0, 5e-324, 1.7976931348623157e308, NAN, 1e22};
    std::vector<double> codes{0, 1, 2, 3, 4, NAN};
    while (numbers.size() < 5000) {
        const double any = std::bit_cast<double>(rng.bits64());
        numbers.push_back(std::isfinite(any) ? any : NAN);
        codes.push_back(static_cast<double>(rng.below(8)));
    }
    const std::vector<std::string> names{
        "plain", "with, comma", "with \"quotes\"", "two\nlines", " blanks ", "#", "\t", "Zürich"};
    Table table{{number("a number", numbers), category("text, too", names, codes)}};
    for (const char delimiter : {',', ';', '\t'}) {
        write_csv(folder / "t.csv", table, delimiter);
        const Table back =
            read_csv(folder / "t.csv", {.delimiter = delimiter, .on_missing = Missing::keep});
        REQUIRE(back.columns.size() == 2);
        CHECK(back.columns[0].name == "a number");
        CHECK(back.columns[1].categories == names);
        for (std::size_t row = 0; row < numbers.size(); ++row) {
            for (const std::size_t i : {0, 1}) {
                const double a = table.columns[i].values[row];
                const double b = back.columns[i].values.at(row);
                const bool same = std::isnan(a) ? std::isnan(b)
                                                : std::bit_cast<std::uint64_t>(a) ==
                                                      std::bit_cast<std::uint64_t>(b);
                REQUIRE(same);
            }
        }
    }
    write_csv(folder / "one.csv", {{number("a", {1, NAN, 2})}});
    CHECK(read(folder / "one.csv") == "a\n1\n\"\"\n2\n");
}

TEST_CASE("a name that begins with a byte order mark keeps it") {
    const TempFolder folder;
    const std::string name = "\xEF\xBB\xBFx";
    write_csv(folder / "t.csv", {{number(name, {1, 2})}});
    CHECK(read_csv(folder / "t.csv").columns[0].name == name);
}

TEST_CASE("write_csv refuses what cannot be read back") {
    const TempFolder folder;
    const auto says = [&](const Table& table) {
        return text_of_error<std::invalid_argument>([&] { write_csv(folder / "t", table); });
    };
    CHECK(says({}) == "write_csv: the table has no columns; need at least one");
    CHECK(
        says({{number("a", {1}), number("b", {1, 2})}}) ==
        "write_csv: \"b\" has 2 values; need 1, as \"a\" has");
    CHECK(
        says({{number("a", {1}), number("", {1})}}) ==
        "write_csv: column 2 has no name; need one, since it would be read back as \"column 2\"");
    CHECK(
        says({{number("a", {1, INFINITY})}}) ==
        "write_csv: \"a\" has inf in row 1; need finite numbers");
    CHECK(
        says({{category("a", {"x"}, {0, 1})}}) ==
        "write_csv: \"a\" has 1 in row 1; need the code of a category");
    for (const char delimiter : {'.', '5', '-', 'e', '"', '\n', '\0'}) {
        const std::string text = text_of_error<std::invalid_argument>(
            [&] { write_csv(folder / "t", {{number("a", {1.5})}}, delimiter); });
        CHECK(
            text ==
            fmt::format(
                "write_csv: the delimiter is byte {}; need one that is in no number, and not the "
                "quote, CR, LF or NUL",
                static_cast<int>(delimiter)));
    }
    CHECK(!fs::exists(folder / "t"));
}

TEST_CASE("a row that is dropped adds no category") {
    const TempFolder folder;
    std::ofstream(folder / "t") << "color,x\nred,\nblue,1\n";
    const Table table = read_csv(folder / "t", {.on_missing = Missing::drop_row});
    CHECK(table.rows() == 1);
    CHECK(table.column("color").categories == std::vector<std::string>{"blue"});
    CHECK(table.column("color").values == std::vector<double>{0});
}

TEST_CASE("a table becomes a dataset with its names") {
    const TempFolder folder;
    const Table table = read_csv(
        write(folder, "width,colour,species\n1.5,red,setosa\n2,blue,virginica\n2.5,red,setosa\n"));
    const auto named = to_dataset<double>(table, {.label = "species"});
    CHECK(named.features == std::vector<std::string>{"width", "colour=red", "colour=blue"});
    CHECK(named.classes == std::vector<std::string>{"setosa", "virginica"});
    CHECK(named.dataset.y() == Labels{0, 1, 0});
    CHECK(named.dataset.classes() == 2);
    xgrad::test::check_same(
        named.dataset.x(), xgrad::test::array({3, 3}, {1.5, 1, 0, 2, 0, 1, 2.5, 1, 0}));
    const auto codes = to_dataset<float>(
        table, {.label = "species", .features = {"colour", "width"}, .one_hot = false});
    CHECK(codes.features == std::vector<std::string>{"colour", "width"});
    xgrad::test::check_same(
        codes.dataset.x(), xgrad::test::array<float>({3, 2}, {0, 1.5F, 1, 2, 0, 2.5F}));
    const auto regression =
        to_dataset<double>(table, {.targets = {"width"}, .features = {"colour"}});
    CHECK(regression.dataset.classes() == 0);
    xgrad::test::check_same(
        regression.dataset.targets(), xgrad::test::array({3, 1}, {1.5, 2, 2.5}));
    const auto digits =
        to_dataset<float>({{number("x", {1, 2}), number("digit", {3, 0})}}, {.label = "digit"});
    CHECK(digits.dataset.classes() == 4);
    CHECK(digits.classes == std::vector<std::string>{"0", "1", "2", "3"});
}

TEST_CASE("a missing feature is NaN, in all that a category is spread to") {
    const Table table{
        {category("c", {"x", "y"}, {1, NAN}), number("n", {NAN, 3}), number("y", {0, 1})}};
    const auto named = to_dataset<double>(table, {.label = "y"});
    xgrad::test::check_same(
        named.dataset.x(), xgrad::test::array({2, 3}, {0, 1, NAN, NAN, NAN, 3}));
}

TEST_CASE("to_dataset refuses what does not fit") {
    const Table table{
        {number("n", {1, 1e300}),
         category("c", {"x"}, {0, 0}),
         number("y", {0, NAN}),
         number("z", {0.5, 1})}};
    const auto says = [&](const DatasetColumns& columns, const Table& of) {
        return text_of_error<std::invalid_argument>(
            [&] { static_cast<void>(to_dataset<float>(of, columns)); });
    };
    CHECK(says({}, table) == "to_dataset: need a label or targets, and not both");
    CHECK(
        says({.label = "c", .targets = {"n"}}, table) ==
        "to_dataset: need a label or targets, and not both");
    CHECK(
        says({.label = "w"}, table) ==
        "to_dataset: there is no column \"w\"; need one of the table's");
    CHECK(
        says({.label = "c", .features = {"c"}}, table) ==
        "to_dataset: \"c\" is a feature and what is to be told from the features; need one of the "
        "two");
    CHECK(
        says({.label = "c", .features = {"n"}}, table) ==
        "to_dataset: \"n\" has 1e+300 in row 1; need what a float can hold, or doubles");
    CHECK(
        says({.label = "y", .features = {"c"}}, table) ==
        "to_dataset: \"y\" is missing in row 1; need it in every row");
    CHECK(
        says({.label = "z", .features = {"c"}}, table) ==
        "to_dataset: the label \"z\" is 0.5 in row 0; need a whole number from 0 on, or the column "
        "as a category");
    CHECK(
        says({.targets = {"c"}, .features = {"z"}}, table) ==
        "to_dataset: the target \"c\" is a category; need numbers");
    CHECK(
        says({.label = "c"}, {{category("c", {"x"}, {0})}}) ==
        "to_dataset: no features; need at least one");
    CHECK(
        says({.label = "c"}, {{category("c", {"x"}, {})}}) ==
        "to_dataset: the table has no rows; need at least one");
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(table.column("w"));
          }) == "Table::column: there is no \"w\"; need one of its columns");
}

TEST_CASE("read_csv refuses options that contradict each other or the file") {
    CHECK(
        refuses_options({.leave_out = {"w"}}) ==
        "read_csv: \"w\" is no column; the file has a, b, c, d, e, ...");
    CHECK(
        refuses_options({.columns = {{.name = "w"}}}) ==
        "read_csv: \"w\" is no column; the file has a, b, c, d, e, ...");
    CHECK(
        refuses_options({.leave_out = {"a", "b", "c", "d", "e", "f"}}) ==
        "read_csv: all columns are left out; need at least one");
    CHECK(refuses_options({.infer_rows = 0}) == "read_csv: infer_rows is 0; need at least 1");
    const std::string bytes =
        "read_csv: the delimiter and the quote are equal, or one is a line end or NUL; need two "
        "other bytes";
    CHECK(refuses_options({.delimiter = '"'}) == bytes);
    CHECK(refuses_options({.delimiter = '\n'}) == bytes);
    CHECK(refuses_options({.quote = '\0'}) == bytes);
    CHECK(
        refuses_options({.comment = ','}) ==
        "read_csv: the comment is the delimiter, the quote or a line end; need another byte");
    const std::string twice =
        "read_csv: the categories of \"a\" hold a name twice, or it is a number; need each once, "
        "of "
        "a category";
    CHECK(
        refuses_options(
            {.columns = {{.name = "a", .type = ColumnType::category, .categories = {"1", "1"}}}}) ==
        twice);
    CHECK(refuses_options({.columns = {{.name = "a", .categories = {"1"}}}}) == twice);
    const TempFolder folder;
    CsvReader reader(write(folder, "a\n1\n"));
    Table table;
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(reader.read(table, 0));
          }) == "CsvReader::read: 0 rows; need at least 1");
    CHECK(
        text_of_error<IoError>([&] { static_cast<void>(read_csv(folder / "none")); }) ==
        fmt::format(
            "read_csv: \"{}\": No such file or directory; need a CSV file",
            (folder / "none").string()));
}

// XGRAD_TEST_CSV_MB=1000 makes it a file of 1 GB, and prints the time.
TEST_CASE("a large file is read in pieces, in memory that does not grow with it") {
    const TempFolder folder;
    const fs::path path = folder / "large.csv";
    const char* const wanted = std::getenv("XGRAD_TEST_CSV_MB");
    const std::size_t bytes = (wanted ? std::strtoull(wanted, nullptr, 10) : 8) * 1'000'000;
    const std::size_t columns = 10;
    double sum = 0;
    std::size_t rows = 0;
    {
        std::ofstream out(path, std::ios::binary);
        for (std::size_t i = 0; i < columns; ++i)
            out << "x" << i << ",";
        out << "kind\n";
        Rng rng(9);
        for (std::size_t written = 0; written < bytes; ++rows) {
            std::string line;
            for (std::size_t i = 0; i < columns; ++i) {
                const double value = static_cast<double>(rng.below(2'000'000)) / 1000 - 1000;
                sum += value;
                line += fmt::format("{},", value);
            }
            line += rng.below(2) == 0 ? "\"yes\"\n" : "no\n";
            written += line.size();
            out << line;
        }
    }
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts anew
    const long before = kib("VmRSS:");
    const std::clock_t begin = std::clock();
    CsvReader reader(path);
    double read_sum = 0;
    std::size_t read_rows = 0;
    for (Table table; reader.read(table, 10'000); read_rows += table.rows()) {
        for (std::size_t row = 0; row < table.rows(); ++row) {
            for (std::size_t i = 0; i < columns; ++i)
                read_sum += table.columns[i].values[row];
        }
    }
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const long peak = kib("VmHWM:");
    CHECK(read_rows == rows);
    CHECK(read_sum == sum);
    CHECK(reader.columns().back().categories.size() == 2);
    if (!sanitized)  // there freed memory stays resident
        CHECK(peak - before < 6000);
    if (wanted) {
        MESSAGE(
            rows << " rows, " << fs::file_size(path) << " bytes, " << seconds
                 << " s of CPU for two passes, peak " << peak << " KiB, of which " << peak - before
                 << " for the reading");
    }
}
