#include <autograd/fail.hpp>
#include <nn/atomic_file.hpp>
#include <nn/csv.hpp>

#include <csv.h>

#include <cmath>
#include <stdexcept>
#include <string_view>

namespace xgrad::data {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 16;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

void check(const Table& table) {
    if (table.columns.empty())
        fail<std::invalid_argument>("write_csv: the table has no columns; need at least one");
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].name.empty()) {
            fail<std::invalid_argument>(
                "write_csv: column {0} has no name; need one, since it would be read back as "
                "\"column {0}\"",
                i + 1);
        }
    }
    for (const Column& column : table.columns) {
        if (column.values.size() != table.rows()) {
            fail<std::invalid_argument>(
                "write_csv: \"{}\" has {} values; need {}, as \"{}\" has",
                column.name,
                column.values.size(),
                table.rows(),
                table.columns.front().name);
        }
        for (std::size_t row = 0; row < table.rows(); ++row) {
            const double value = column.values[row];
            const bool is_code = value >= 0 && value == std::floor(value) &&
                                 value < static_cast<double>(column.categories.size());
            const bool is_valid = column.type == ColumnType::number ? !std::isinf(value) : is_code;
            if (!is_valid && !std::isnan(value)) {
                fail<std::invalid_argument>(
                    "write_csv: \"{}\" has {} in row {}; need {}",
                    column.name,
                    value,
                    row,
                    column.type == ColumnType::number ? "finite numbers"
                                                      : "the code of a category");
            }
        }
    }
}

void check(char delimiter) {
    constexpr std::string_view taken("\"\r\n\0+-.0123456789e", 18);
    if (taken.find(delimiter) != taken.npos) {
        fail<std::invalid_argument>(
            "write_csv: the delimiter is byte {}; need one that is in no number, and not the "
            "quote, "
            "CR, LF or NUL",
            static_cast<int>(static_cast<unsigned char>(delimiter)));
    }
}

// Empty text is quoted: a line of nothing would be no row.
void append_text(std::string& to, const std::string& text, char delimiter) {
    to += text.empty() ? "\"\"" : csv_field(text, delimiter);
}

void append_value(std::string& to, const Column& column, std::size_t row, char delimiter) {
    const double value = column.values[row];
    if (std::isnan(value))
        return;
    if (column.type == ColumnType::number)
        fmt::format_to(std::back_inserter(to), "{}", value);
    else
        append_text(to, column.categories[static_cast<std::size_t>(value)], delimiter);
}

}  // namespace

std::string csv_field(const std::string& text, char delimiter) {
    const bool is_plain =
        text.empty() ||
        (text.find_first_of("\"\r\n") == text.npos && text.find(delimiter) == text.npos &&
         text.front() != ' ' && text.front() != '\t' && text.back() != ' ' && text.back() != '\t' &&
         text.front() != '#' && !text.starts_with(byte_order_mark));
    if (is_plain)
        return text;
    std::string field(2 * text.size() + 2, '\0');
    field.resize(csv_write(field.data(), field.size(), text.data(), text.size()));
    return field;
}

void write_csv(const std::filesystem::path& path, const Table& table, char delimiter) {
    check(table);
    check(delimiter);
    nn::AtomicFile file("write_csv", path);
    std::string text;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (i > 0)
            text += delimiter;
        append_text(text, table.columns[i].name, delimiter);
    }
    text += '\n';
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const std::size_t begin = text.size();
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (i > 0)
                text += delimiter;
            append_value(text, table.columns[i], row, delimiter);
        }
        if (text.size() == begin)  // an empty line would be no row
            text += "\"\"";
        text += '\n';
        if (text.size() >= buffer_bytes) {
            file.write(text.data(), text.size());
            text.clear();
        }
    }
    file.write(text.data(), text.size());
    file.commit();
}

}  // namespace xgrad::data
