// Awkward CSV files, one row each: the bytes, and the table or the error that they give.
#include <autograd/error.hpp>
#include <nn/csv.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <clocale>
#include <cmath>
#include <fstream>

using xgrad::IoError;
using xgrad::data::Column;
using xgrad::data::ColumnType;
using xgrad::data::CsvOptions;
using xgrad::data::CsvReader;
using xgrad::data::Missing;
using xgrad::data::read_csv;
using xgrad::data::Table;
using xgrad::test::TempFolder;

namespace {

using enum ColumnType;

/// "a: 1 2; b: 'x' 'y'", a missing value as -.
std::string text_of(const Table& table) {
    std::string text;
    for (const Column& column : table.columns) {
        text += (text.empty() ? "" : "; ") + column.name + ":";
        for (const double value : column.values) {
            if (std::isnan(value))
                text += " -";
            else if (column.type == number)
                text += fmt::format(" {}", value);
            else
                text += " '" + column.categories.at(static_cast<std::size_t>(value)) + "'";
        }
    }
    return text;
}

struct File {
    const char* name;
    std::string bytes;
    std::string table = {};  ///< as text_of() gives it
    std::string error = {};  ///< what follows the path
    CsvOptions options = {};
};

std::vector<File> good_files() {
    using namespace std::string_literals;
    return {
        {"plain", "a,b\n1,2\n3,4\n", "a: 1 3; b: 2 4"},
        {"no line end at the end", "a,b\n1,2\n3,4", "a: 1 3; b: 2 4"},
        {"CRLF", "a,b\r\n1,2\r\n3,4\r\n", "a: 1 3; b: 2 4"},
        {"CR alone", "a,b\r1,2\r3,4\r", "a: 1 3; b: 2 4"},
        {"all three", "a,b\r1,2\r\n3,4\n", "a: 1 3; b: 2 4"},
        {"byte order mark",
         "\xEF\xBB\xBF"
         "a,b\n1,2\n",
         "a: 1; b: 2"},
        {"byte order mark and quotes", "\xEF\xBB\xBF\"a\",b\n1,2\n", "a: 1; b: 2"},
        {"quoted fields", "\"a\",\"b\"\n\"1\",\"2\"\n", "a: 1; b: 2"},
        {"a delimiter in quotes", "a,b\n\"x,y\",1\n", "a: 'x,y'; b: 1"},
        {"doubled quotes", "a\n\"say \"\"hi\"\"\"\n\"\"\"\"\n", "a: 'say \"hi\"' '\"'"},
        {"a line end in quotes", "a,b\n\"x\ny\",1\n\"x\r\ny\",2\n", "a: 'x\ny' 'x\r\ny'; b: 1 2"},
        {"a line end in a name", "\"a\nb\",c\n1,2\n", "a\nb: 1; c: 2"},
        {"empty lines", "\n\na,b\n\n1,2\n\r\n\n3,4\n\n\n", "a: 1 3; b: 2 4"},
        {"lines of blanks", "a,b\n   \n1,2\n\t\n", "a: 1; b: 2"},
        {"blanks around fields", " a ,\tb\t\n 1 , 2 \n", "a: 1; b: 2"},
        {"blanks around quotes", "a,b\n \" x \" , 2 \n", "a: ' x '; b: 2"},
        {"blanks that count", "a ,b\n x,1\nx,2\n", "a : ' x' 'x'; b: 1 2", "", {.trim = false}},
        {"blanks around a number that count", "a\n 1 \n", "a: 1", "", {.trim = false}},
        {"tabs", "a\tb\n1\t2\n", "a: 1; b: 2", "", {.delimiter = '\t'}},
        {"tabs and an empty field",
         "a\tb\tc\n1\t\t2\n",
         "a: 1; b: -; c: 2",
         "",
         {.delimiter = '\t', .on_missing = Missing::keep}},
        {"semicolons", "a;b\n1;2\n", "a: 1; b: 2", "", {.delimiter = ';'}},
        {"single quotes", "a,b\n'x,\"y',1\n", "a: 'x,\"y'; b: 1", "", {.quote = '\''}},
        {"no header", "1,x\n2,y\n", "column 1: 1 2; column 2: 'x' 'y'", "", {.header = false}},
        {"a name that is empty", ",b\n0,5\n1,6\n", "column 1: 0 1; b: 5 6"},
        {"comments", "# made by hand\na,b\n#1,2\n3,4\n# end", "a: 3; b: 4", "", {.comment = '#'}},
        {"a comment that is none",
         "a,b\n\"#x\n#y\",1\n z#,2\n",
         "a: '#x\n#y' 'z#'; b: 1 2",
         "",
         {.comment = '#'}},
        {"signs, exponents and points",
         "a\n+1\n-1\n1e3\n1E-2\n.5\n5.\n-.5e+1\n007\n",
         "a: 1 -1 1000 0.01 0.5 5 -5 7"},
        {"the ends of double",
         "a\n1.7976931348623157e308\n5e-324\n0.1\n-0\n",
         "a: 1.7976931348623157e+308 5e-324 0.1 -0"},
        {"missing, kept",
         "a,b\n1,x\nNA,\n?,NaN\n,y\n",
         "a: 1 - - -; b: 'x' - - 'y'",
         "",
         {.on_missing = Missing::keep}},
        {"missing, rows dropped",
         "a,b\n1,x\nNA,x\n2,\n3,y\n",
         "a: 1 3; b: 'x' 'y'",
         "",
         {.on_missing = Missing::drop_row}},
        {"missing by another mark",
         "a\n1\n-999\n3\n",
         "a: 1 - 3",
         "",
         {.missing = {"-999"}, .on_missing = Missing::keep}},
        {"a column that is all missing",
         "a,b\n1,\n2,\n",
         "a: 1 2; b: - -",
         "",
         {.on_missing = Missing::keep}},
        {"one column with an empty quoted field",
         "a\n1\n\"\"\n2\n",
         "a: 1 - 2",
         "",
         {.on_missing = Missing::keep}},
        {"left out", "a,b,c\n1,3.5x,2\n", "a: 1; c: 2", "", {.leave_out = {"b"}}},
        {"numbers as categories",
         "a\n10\n9\n10\n",
         "a: '10' '9' '10'",
         "",
         {.columns = {{.name = "a", .type = category}}}},
        {"given categories",
         "a\ny\nx\n",
         "a: 'y' 'x'",
         "",
         {.columns = {{.name = "a", .type = category, .categories = {"x", "y"}}}}},
        {"mostly words", "a\nx\n1\ny\n", "a: 'x' '1' 'y'"},
        {"a category first seen after those that tell the type",
         "a\nx\ny\n1\n2\n3\n",
         "a: 'x' 'y' '1' '2' '3'",
         "",
         {.infer_rows = 2}},
        {"UTF-8", "größe,ort\n1,Zürich\n2,東京\n", "größe: 1 2; ort: 'Zürich' '東京'"},
        {"Latin 1, its bytes kept", "a\nZ\xFCrich\n", "a: 'Z\xFCrich'"},
        {"a quote closed by the end of the file", "a,b\n1,\"2\"", "a: 1; b: 2"},
        {"the last field empty, without a line end",
         "a,b\n1,",
         "a: 1; b: -",
         "",
         {.on_missing = Missing::keep}},
        {"a field of 100,000 bytes",
         "a\n" + std::string(100'000, 'x') + "\n",
         "a: '" + std::string(100'000, 'x') + "'"},
    };
}

std::vector<File> bad_files() {
    using namespace std::string_literals;
    const std::string quote =
        ": a quote out of place; need quotes around the whole field, and those inside doubled";
    const std::string range = " is out of range; need 0, or a magnitude from 5e-324 to 1.8e308";
    const std::string no_number =
        " is no finite number; need one, with a decimal point, or the column as a category";
    const CsvOptions number_a{.columns = {{.name = "a"}}};
    const CsvOptions text_a{.columns = {{.name = "a", .type = category}}};
    return {
        {"empty", "", "", "no rows; need a header and at least one"},
        {"empty, without a header", "", "", "no rows; need at least one", {.header = false}},
        {"a byte order mark alone", "\xEF\xBB\xBF", "", "no rows; need a header and at least one"},
        {"line ends alone", "\n\r\n\r", "", "no rows; need a header and at least one"},
        {"a header alone", "a,b\n", "", "a header and no rows; need at least one"},
        {"a comment alone",
         "# a,b",
         "",
         "no rows; need a header and at least one",
         {.comment = '#'}},
        {"UTF-16",
         "\xFF\xFE"
         "a\0,\0b\0"s,
         "",
         "a UTF-16 file; need UTF-8"},
        {"gzip", "\x1F\x8B\x08", "", "packed by gzip; need it unpacked"},
        {"a NUL byte", "a,b\n1,\0\n"s, "", "line 2: a NUL byte; need text"},
        {"a row too short",
         "a,b,c\n1,2,3\n1,2\n",
         "",
         "line 3 has 2 fields; need 3, as line 1 has"},
        {"a row too long", "a,b\n1,2,\n", "", "line 2 has 3 fields; need 2, as line 1 has"},
        {"a line number after quoted line ends",
         "\n\"a\n\",b\n\"x\r\n\n\",2\r\n1\n",
         "",
         "line 7 has 1 fields; need 2, as line 2 has"},
        {"a line number after CR",
         "a,b\r1,2\r3\r",
         "",
         "line 3 has 1 fields; need 2, as line 1 has"},
        {"a name twice",
         "a,b,a\n1,2,3\n",
         "",
         "line 1: two columns are \"a\"; need each name once"},
        {"a quote in a field", "a,b\n1,2\n3,5\" nail\n", "", "line 3, column 2" + quote},
        {"text after a quote", "a,b\n\"x\"y,2\n", "", "line 2, column 1" + quote},
        {"a quote not doubled", "a\n\"say \"hi\"\"\n", "", "line 2, column 1" + quote},
        {"a quote left open",
         "a,b\n1,\"2\n3,4\n5,6\n",
         "",
         "line 2, column 2: the quote is still open at the end of the file; need one that closes "
         "it"},
        {"a quote left open in a large file",
         "a,b\n1,\"2\n" + std::string(3000, '\n'),
         "",
         "line 2: the row has more than 1000 bytes; is a quote left open? Else raise max_row_bytes",
         {.max_row_bytes = 1000}},
        {"a decimal comma",
         "id;width\n1;2.5\n2;3,5\n3;1\n",
         "",
         "line 3, column 2 (\"width\"): \"3,5\" is no number, but 2 of 3 values are; mend it, name "
         "it in CsvOptions::missing, or give the column's type",
         {.delimiter = ';'}},
        {"a word in a given number",
         "b,a\n1,2\n3,four\n",
         "",
         "line 3, column 2 (\"a\"): \"four\"" + no_number,
         number_a},
        {"a word after those that tell the type",
         "a\n1\n2\nx\n",
         "",
         "line 4, column 1 (\"a\"): \"x\"" + no_number,
         {.infer_rows = 2}},
        {"an infinity", "a\ninf\n", "", "line 2, column 1 (\"a\"): \"inf\"" + no_number, number_a},
        {"hexadecimal",
         "a\n0x10\n",
         "",
         "line 2, column 1 (\"a\"): \"0x10\"" + no_number,
         number_a},
        {"a number and more",
         "a\n1 2\n",
         "",
         "line 2, column 1 (\"a\"): \"1 2\"" + no_number,
         number_a},
        {"two signs", "a\n+-1\n", "", "line 2, column 1 (\"a\"): \"+-1\"" + no_number, number_a},
        {"too large", "a\n1\n1e309\n", "", "line 3, column 1 (\"a\"): \"1e309\"" + range},
        {"too small", "a\n1e-400\n", "", "line 2, column 1 (\"a\"): \"1e-400\"" + range},
        {"a long field, of odd bytes",
         "a\n\"\n\x01" + std::string(50, 'x') + "\"\n",
         "",
         "line 2, column 1 (\"a\"): \"??" + std::string(38, 'x') + "...\"" + no_number,
         number_a},
        {"missing",
         "a,b\n1,2\n,4\n",
         "",
         "line 3, column 1 (\"a\"): the value is missing; need one, or another "
         "CsvOptions::on_missing"},
        {"missing in a category",
         "a\nx\nNA\n",
         "",
         "line 3, column 1 (\"a\"): the value is missing; need one, or another "
         "CsvOptions::on_missing"},
        {"none of the given categories",
         "a\nz\n",
         "",
         "line 2, column 1 (\"a\"): \"z\" is none of its categories; need one of x, y",
         {.columns = {{.name = "a", .type = category, .categories = {"x", "y"}}}}},
        {"too many categories",
         "a\nx\ny\nz\n",
         "",
         "line 4, column 1 (\"a\"): there are more than 2 different values; leave the column out, "
         "or raise max_categories",
         {.max_categories = 2}},
    };
}

/// What a reader in pieces of that many rows makes of it.
std::string in_pieces(
    const std::filesystem::path& path, const CsvOptions& options, std::size_t rows) {
    CsvReader reader(path, options);
    Table all, piece;
    while (reader.read(piece, rows)) {
        CHECK(piece.rows() <= rows);
        if (all.columns.empty()) {
            all = piece;
            continue;
        }
        for (std::size_t i = 0; i < piece.columns.size(); ++i) {
            all.columns[i].categories = piece.columns[i].categories;
            auto& values = all.columns[i].values;
            values.insert(
                values.end(), piece.columns[i].values.begin(), piece.columns[i].values.end());
        }
    }
    CHECK(piece.rows() == 0);
    return text_of(all);
}

}  // namespace

TEST_CASE("awkward files are read, whole and in pieces") {
    const TempFolder folder;
    const std::filesystem::path path = folder / "file.csv";
    for (const File& file : good_files()) {
        INFO(file.name);
        std::ofstream(path, std::ios::binary) << file.bytes;
        CHECK(text_of(read_csv(path, file.options)) == file.table);
        for (const std::size_t rows : {1, 2, 1000})
            CHECK(in_pieces(path, file.options, rows) == file.table);
    }
}

TEST_CASE("files that are wrong are refused with the line and column") {
    const TempFolder folder;
    const std::filesystem::path path = folder / "file.csv";
    for (const File& file : bad_files()) {
        INFO(file.name);
        std::ofstream(path, std::ios::binary) << file.bytes;
        const auto says = xgrad::test::text_of_error<IoError>(
            [&] { static_cast<void>(read_csv(path, file.options)); });
        CHECK(says == fmt::format("read_csv: \"{}\": {}", path.string(), file.error));
    }
    CHECK(good_files().size() + bad_files().size() >= 70);
}

TEST_CASE("numbers are read alike in every locale") {
    const TempFolder folder;
    std::ofstream(folder / "f") << "a\n1.5\n";
    const char* const before = std::setlocale(LC_NUMERIC, nullptr);
    const std::string old = before ? before : "C";
    for (const char* name : {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "C"}) {
        if (std::setlocale(LC_NUMERIC, name))
            CHECK(text_of(read_csv(folder / "f")) == "a: 1.5");
    }
    std::setlocale(LC_NUMERIC, old.c_str());
}
