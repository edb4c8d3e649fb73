// CSV files: read whole or in pieces, as columns of numbers and categories; and written.
#pragma once

#include <nn/data.hpp>

#include <cstddef>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace xgrad::data {

enum class ColumnType { number, category };

/// What is known of a column before it is read.
struct CsvColumn {
    std::string name;
    ColumnType type = ColumnType::number;
    /// Of a category, in the order of their codes 0, 1, ...; others are errors then. Empty: in the
    /// order in which they come.
    std::vector<std::string> categories = {};
};

/// Values of one column: numbers, or codes of categories; NaN where one is missing.
struct Column {
    std::string name;
    ColumnType type = ColumnType::number;
    std::vector<std::string> categories = {};  ///< names by code
    std::vector<double> values = {};
};

/// Columns of one length.
struct Table {
    std::vector<Column> columns;

    [[nodiscard]] std::size_t rows() const noexcept {
        return columns.empty() ? 0 : columns.front().values.size();
    }
    /// Throws std::invalid_argument for a name that is not there.
    [[nodiscard]] const Column& column(const std::string& name) const;
};

/// error: refuse the file. keep: as NaN, for an Imputer that is fitted on training rows. drop_row:
/// leave the row out.
enum class Missing { error, keep, drop_row };

struct CsvOptions {
    bool header = true;    ///< the first row has the names; else they are "column 1", ...
    char delimiter = ',';  ///< any byte but the quote, CR, LF and NUL
    char quote = '"';
    char comment = '\0';                      ///< lines that begin with it are skipped; '\0': none
    bool trim = true;                         ///< spaces and tabs around fields do not count
    std::vector<CsvColumn> columns = {};      ///< types of columns that are not to be inferred
    std::vector<std::string> leave_out = {};  ///< columns not to be read
    std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null", "?"};
    Missing on_missing = Missing::error;
    std::size_t infer_rows = std::numeric_limits<std::size_t>::max();  ///< types come from so many
    std::size_t max_row_bytes = std::size_t{16}
                                << 20;     ///< so that a quote left open ends somewhere
    std::size_t max_categories = 100'000;  ///< of a column
};

/// Reads a CSV file [RFC 4180] in pieces, in memory that does not grow with the file. Fields may
/// be quoted, and then hold delimiters, line ends and doubled quotes; lines end in LF, CRLF or CR;
/// a UTF-8 byte order mark is skipped, as are empty lines. Numbers have a decimal point, whatever
/// the locale. A column whose values are all numbers has numbers; one with fewer numbers than other
/// values has categories; one in between is refused until its type is given. Types come from a
/// pass of its own over the file's first infer_rows rows, unless all are given.
///
///     CsvReader reader("clicks.csv");
///     for (Table table; reader.read(table, 10'000);) use(table);
///
/// Errors are IoErrors that name the line and column: no such file, a row of another length, a
/// missing value, a number that is none or too large, a quote out of place or left open.
class CsvReader {
public:
    /// Throws IoError as above, and for a file without a row of data; std::invalid_argument for
    /// options that contradict each other or name a column that is not there.
    explicit CsvReader(const std::filesystem::path& path, const CsvOptions& options = {});
    CsvReader(const CsvReader&) = delete;
    CsvReader& operator=(const CsvReader&) = delete;
    ~CsvReader();

    /// Names and types, and the categories seen so far.
    [[nodiscard]] std::vector<CsvColumn> columns() const;
    /// Makes `table` the next rows, at most `rows`, at least 1; false, and a table of no rows, at
    /// the end. Categories keep their codes from one piece to the next.
    [[nodiscard]] bool read(Table& table, std::size_t rows);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// All of a CSV file. Throws as CsvReader.
[[nodiscard]] Table read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

/// Text as a field of a CSV file: quoted where a reader would see something else in it [RFC 4180,
/// section 2], or blanks at an end, a comment or a byte order mark. Empty text stays empty.
[[nodiscard]] std::string csv_field(const std::string& text, char delimiter = ',');

/// Writes a header and the rows: read_csv() reads back the same table, numbers to the bit, when
/// told on_missing = Missing::keep (NaN is an empty field) and the columns' types and categories; a
/// category that CsvOptions::missing lists comes back as missing. Text is quoted where it must be.
/// The file appears whole or not at all. Throws std::invalid_argument for no columns, columns of
/// different lengths or without a name, an infinity, a code without a category or a delimiter that
/// numbers contain, IoError for a path that cannot be written.
void write_csv(const std::filesystem::path& path, const Table& table, char delimiter = ',');

/// What each column is for.
struct DatasetColumns {
    std::string label = {};                  ///< a category, or whole numbers 0, 1, ...
    std::vector<std::string> targets = {};   ///< numbers, for regression; no label then
    std::vector<std::string> features = {};  ///< empty: all the others
    bool one_hot = true;  ///< a category of k names gives k features of 0 and 1; else its code
};

/// A dataset, and what its numbers mean.
template <class T>
struct NamedDataset {
    Dataset<T> dataset;
    std::vector<std::string> features;  ///< "width"; "colour=red"
    std::vector<std::string> classes;   ///< by label
};

/// x of shape (N, features), with labels or targets (N, targets). A missing feature is NaN, in all
/// of a category's. Throws std::invalid_argument for columns that are not there or of the wrong
/// type, a missing label or target, a number that T cannot hold, no rows or no features.
template <class T = float>
[[nodiscard]] NamedDataset<T> to_dataset(const Table& table, const DatasetColumns& columns);

}  // namespace xgrad::data
