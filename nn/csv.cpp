#include <autograd/fail.hpp>
#include <nn/csv.hpp>
#include <nn/csv_rows.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace xgrad::data {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_shown = 40;  // bytes of a field in a message

// A field as a message shows it: one line, not too long.
std::string shown(std::string_view text) {
    std::string line(text.substr(0, most_shown));
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; }, '?');
    return line + (text.size() > most_shown ? "..." : "");
}

std::string list_of(const std::vector<std::string>& names) {
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i)
        list += (i > 0 ? ", " : "") + shown(names[i]);
    return list + (names.size() > 5 ? ", ..." : "");
}

enum class Parsed { number, too_large, none };

// The whole text as a finite number with a decimal point.
Parsed parse_number(std::string_view text, double& number) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    if (text.size() > 1 && text.front() == '+' && text[1] != '-')
        text.remove_prefix(1);
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || at != end)
        return Parsed::none;
    if (error == std::errc::result_out_of_range)
        return Parsed::too_large;
    return error == std::errc() && std::isfinite(number) ? Parsed::number : Parsed::none;
}

struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
};
using Codes = std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>>;

/// A column that is read.
struct Source {
    std::size_t place;  // in the file, from 0
    CsvColumn column;
    Codes codes = {};
    bool is_closed = false;  // the categories were given
    bool has_type = false;
};

/// What a column's values are, as far as they have been looked at.
struct Tally {
    std::size_t numbers = 0;
    std::size_t others = 0;
    std::string first_other = {};
    std::size_t line = 0;
};

}  // namespace

class CsvReader::Impl {
public:
    Impl(std::filesystem::path path, const CsvOptions& options)
        : path_(std::move(path)),
          options_(options) {
        if (options_.infer_rows == 0)
            throw std::invalid_argument("read_csv: infer_rows is 0; need at least 1");
        start();
        name_columns();
        if (std::ranges::any_of(sources_, [](const Source& s) { return !s.has_type; })) {
            infer_types();
            start();
        }
    }

    std::vector<CsvColumn> columns() const {
        std::vector<CsvColumn> all;
        for (const Source& source : sources_)
            all.push_back(source.column);
        return all;
    }

    bool read(Table& table, std::size_t rows) {
        if (rows == 0)
            throw std::invalid_argument("CsvReader::read: 0 rows; need at least 1");
        table.columns.resize(sources_.size());
        for (Column& column : table.columns)
            column.values.clear();
        while (has_row_ && table.rows() < rows) {
            if (convert()) {
                for (std::size_t i = 0; i < sources_.size(); ++i)
                    table.columns[i].values.push_back(row_[i]);
            }
            advance();
        }
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            table.columns[i].name = sources_[i].column.name;
            table.columns[i].type = sources_[i].column.type;
            if (table.columns[i].categories != sources_[i].column.categories)
                table.columns[i].categories = sources_[i].column.categories;
        }
        return table.rows() > 0;
    }

private:
    // To the first row of data; the header's fields are kept.
    void start() {
        rows_.emplace(path_, options_);
        has_row_ = rows_->next();
        if (!has_row_)
            rows_->fail("no rows; need {}at least one", options_.header ? "a header and " : "");
        width_ = rows_->fields();
        first_line_ = rows_->line();
        names_.clear();
        for (std::size_t i = 0; i < width_; ++i) {
            const std::string_view name = options_.header ? rows_->field(i) : "";
            names_.push_back(name.empty() ? fmt::format("column {}", i + 1) : std::string(name));
        }
        if (options_.header)
            advance();
        if (!has_row_)
            rows_->fail("a header and no rows; need at least one");
    }

    void advance() {
        has_row_ = rows_->next();
        if (has_row_ && rows_->fields() != width_) {
            rows_->fail(
                "line {} has {} fields; need {}, as line {} has",
                rows_->line(),
                rows_->fields(),
                width_,
                first_line_);
        }
    }

    void check_there(const std::string& name) const {
        if (std::ranges::find(names_, name) == names_.end()) {
            fail<std::invalid_argument>(
                "read_csv: \"{}\" is no column; the file has {}", shown(name), list_of(names_));
        }
    }

    void name_columns() {
        std::set<std::string_view> seen;
        for (const std::string& name : names_) {
            if (!seen.insert(name).second)
                rows_->fail(
                    "line {}: two columns are \"{}\"; need each name once",
                    first_line_,
                    shown(name));
        }
        for (const std::string& name : options_.leave_out)
            check_there(name);
        for (const CsvColumn& column : options_.columns)
            check_there(column.name);
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const bool is_out =
                std::ranges::find(options_.leave_out, names_[i]) != options_.leave_out.end();
            if (!is_out)
                add_source(i);
        }
        if (sources_.empty())
            throw std::invalid_argument("read_csv: all columns are left out; need at least one");
        row_.resize(sources_.size());
    }

    void add_source(std::size_t place) {
        Source source{.place = place, .column = {.name = names_[place]}};
        const auto given = std::ranges::find(options_.columns, names_[place], &CsvColumn::name);
        if (given != options_.columns.end()) {
            source.column = *given;
            source.has_type = true;
            for (const std::string& name : given->categories)
                source.codes.emplace(name, source.codes.size());
            source.is_closed = !given->categories.empty();
            const bool is_number = given->type == ColumnType::number;
            if (source.codes.size() < given->categories.size() || (is_number && source.is_closed)) {
                fail<std::invalid_argument>(
                    "read_csv: the categories of \"{}\" hold a name twice, or it is a number; need "
                    "each once, of a category",
                    shown(given->name));
            }
        }
        sources_.push_back(std::move(source));
    }

    void infer_types() {
        std::vector<Tally> tallies(sources_.size());
        for (std::size_t row = 0; has_row_ && row < options_.infer_rows; ++row, advance()) {
            for (std::size_t i = 0; i < sources_.size(); ++i) {
                if (!sources_[i].has_type)
                    count(tallies[i], rows_->field(sources_[i].place));
            }
        }
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            if (!sources_[i].has_type)
                decide(sources_[i], tallies[i]);
        }
    }

    void count(Tally& tally, std::string_view field) const {
        double ignored = 0;
        if (is_missing(field))
            return;
        if (parse_number(field, ignored) != Parsed::none) {
            ++tally.numbers;
        } else if (++tally.others == 1) {
            tally.first_other = shown(field);
            tally.line = rows_->line();
        }
    }

    void decide(Source& source, const Tally& tally) const {
        if (tally.others > 0 && tally.numbers >= tally.others) {
            rows_->fail(
                "line {}, column {} (\"{}\"): \"{}\" is no number, but {} of {} values are; mend "
                "it, name it in CsvOptions::missing, or give the column's type",
                tally.line,
                source.place + 1,
                shown(source.column.name),
                tally.first_other,
                tally.numbers,
                tally.numbers + tally.others);
        }
        source.column.type = tally.others > 0 ? ColumnType::category : ColumnType::number;
    }

    bool is_missing(std::string_view field) const {
        return std::ranges::find(options_.missing, field) != options_.missing.end();
    }

    // The row at hand into row_; false when it is to be dropped.
    bool convert() {
        // First: a row that is dropped adds no category.
        if (options_.on_missing == Missing::drop_row &&
            std::ranges::any_of(
                sources_, [&](const Source& s) { return is_missing(rows_->field(s.place)); }))
            return false;
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            Source& source = sources_[i];
            const std::string_view field = rows_->field(source.place);
            if (is_missing(field)) {
                if (options_.on_missing == Missing::error)
                    fail_at(
                        source,
                        "the value is missing; need one, or another CsvOptions::on_missing");
                row_[i] = nan;
            } else if (source.column.type == ColumnType::number) {
                row_[i] = number_of(source, field);
            } else {
                row_[i] = static_cast<double>(code_of(source, field));
            }
        }
        return true;
    }

    double number_of(const Source& source, std::string_view field) const {
        double number = 0;
        switch (parse_number(field, number)) {
            case Parsed::number: return number;
            case Parsed::too_large:
                fail_at(
                    source,
                    "\"{}\" is out of range; need 0, or a magnitude from 5e-324 to 1.8e308",
                    shown(field));
            case Parsed::none: break;
        }
        fail_at(
            source,
            "\"{}\" is no finite number; need one, with a decimal point, or the column as a "
            "category",
            shown(field));
    }

    std::size_t code_of(Source& source, std::string_view field) const {
        if (const auto found = source.codes.find(field); found != source.codes.end())
            return found->second;
        if (source.is_closed) {
            fail_at(
                source,
                "\"{}\" is none of its categories; need one of {}",
                shown(field),
                list_of(source.column.categories));
        }
        if (source.codes.size() == options_.max_categories) {
            fail_at(
                source,
                "there are more than {} different values; leave the column out, or raise "
                "max_categories",
                options_.max_categories);
        }
        source.column.categories.emplace_back(field);
        return source.codes.emplace(field, source.codes.size()).first->second;
    }

    template <class... Args>
    [[noreturn]] void fail_at(
        const Source& source, fmt::format_string<Args...> fault, Args&&... args) const {
        rows_->fail(
            "line {}, column {} (\"{}\"): {}",
            rows_->line(),
            source.place + 1,
            shown(source.column.name),
            fmt::format(fault, std::forward<Args>(args)...));
    }

    std::filesystem::path path_;
    CsvOptions options_;
    std::optional<CsvRows> rows_;
    bool has_row_ = false;
    std::size_t width_ = 0;
    std::size_t first_line_ = 0;
    std::vector<std::string> names_;
    std::vector<Source> sources_;
    std::vector<double> row_;
};

CsvReader::CsvReader(const std::filesystem::path& path, const CsvOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {}

CsvReader::~CsvReader() = default;

std::vector<CsvColumn> CsvReader::columns() const { return impl_->columns(); }

bool CsvReader::read(Table& table, std::size_t rows) { return impl_->read(table, rows); }

Table read_csv(const std::filesystem::path& path, const CsvOptions& options) {
    Table table;
    static_cast<void>(
        CsvReader(path, options).read(table, std::numeric_limits<std::size_t>::max()));
    return table;
}

const Column& Table::column(const std::string& name) const {
    const auto found = std::ranges::find(columns, name, &Column::name);
    if (found == columns.end())
        fail<std::invalid_argument>(
            "Table::column: there is no \"{}\"; need one of its columns", name);
    return *found;
}

}  // namespace xgrad::data
