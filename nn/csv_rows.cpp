#include <nn/csv_rows.hpp>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

namespace xgrad::data {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 16;

int never(unsigned char /*byte*/) { return 0; }

// As libcsv's own, and no more when the delimiter is one of them.
int is_space(unsigned char byte) { return byte == ' ' || byte == '\t'; }

void check(const CsvOptions& options) {
    const auto is_line_end = [](char c) { return c == '\n' || c == '\r'; };
    const bool clash = options.delimiter == options.quote || is_line_end(options.delimiter) ||
                       is_line_end(options.quote) || options.delimiter == '\0' ||
                       options.quote == '\0';
    if (clash) {
        throw std::invalid_argument(
            "read_csv: the delimiter and the quote are equal, or one is a line end or NUL; need "
            "two other bytes");
    }
    if (options.comment == options.delimiter || options.comment == options.quote ||
        is_line_end(options.comment)) {
        throw std::invalid_argument(
            "read_csv: the comment is the delimiter, the quote or a line end; need another byte");
    }
}

}  // namespace

CsvRows::CsvRows(const std::filesystem::path& path, const CsvOptions& options)
    : options_(options),
      file_("read_csv", path, "a CSV file") {
    check(options);
    if (csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI) != 0)
        throw std::bad_alloc();
    csv_set_delim(&parser_, static_cast<unsigned char>(options.delimiter));
    csv_set_quote(&parser_, static_cast<unsigned char>(options.quote));
    csv_set_space_func(&parser_, options.trim ? is_space : never);
    idle_ = parser_.pstate;
    try {
        if (fill())
            check_start();
    } catch (...) {
        csv_free(&parser_);
        throw;
    }
    if (buffer_.starts_with("\xEF\xBB\xBF"))
        at_ = 3;
}

CsvRows::~CsvRows() { csv_free(&parser_); }

void CsvRows::check_start() const {
    if (buffer_.starts_with("\xFF\xFE") || buffer_.starts_with("\xFE\xFF"))
        fail("a UTF-16 file; need UTF-8");
    if (buffer_.starts_with("\x1F\x8B"))
        fail("packed by gzip; need it unpacked");
}

bool CsvRows::fill() {
    const std::size_t bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_bytes, file_.left()));
    buffer_.resize(bytes);
    at_ = 0;
    if (bytes > 0)
        file_.read(buffer_.data(), bytes);
    return bytes > 0;
}

void CsvRows::take_field(void* field, std::size_t bytes, void* self) {
    CsvRows& rows = *static_cast<CsvRows*>(self);
    try {
        rows.text_.append(static_cast<const char*>(field), bytes);
        rows.ends_.push_back(rows.text_.size());
    } catch (...) {
        rows.error_ = std::current_exception();
    }
}

void CsvRows::take_row(int /*terminator*/, void* self) {
    static_cast<CsvRows*>(self)->is_done_ = true;
}

void CsvRows::begin_row() {
    row_line_ = line_;
    row_bytes_ = 0;
    is_done_ = false;
    text_.clear();
    ends_.clear();
}

// A row ends at a line end, which ends the piece too: no two rows can end in one piece.
bool CsvRows::next() {
    begin_row();
    while (!is_done_) {
        if (at_ == buffer_.size() && !fill()) {
            finish();
            return is_done_;
        }
        const std::string_view left = std::string_view(buffer_).substr(at_);
        if (after_return_ && left.front() == '\n')
            --line_;
        const std::size_t end = left.find_first_of("\r\n");
        const bool is_whole = end != left.npos;
        const std::string_view piece = left.substr(0, is_whole ? end + 1 : end);
        if (line_begins_ && parser_.pstate == idle_) {
            in_comment_ = options_.comment != '\0' && piece.front() == options_.comment;
            row_line_ = line_;
        }
        at_ += piece.size();
        if (!in_comment_)
            feed(piece);
        after_return_ = is_whole && piece.back() == '\r';
        line_begins_ = is_whole;
        line_ += is_whole;
        in_comment_ = in_comment_ && !is_whole;
    }
    return true;
}

void CsvRows::feed(std::string_view piece) {
    row_bytes_ += piece.size();
    if (row_bytes_ > options_.max_row_bytes) {
        fail(
            "line {}: the row has more than {} bytes; is a quote left open? Else raise "
            "max_row_bytes",
            row_line_,
            options_.max_row_bytes);
    }
    if (const std::size_t nul = piece.find('\0'); nul != piece.npos)
        fail("line {}: a NUL byte; need text", line_);
    const std::size_t taken =
        csv_parse(&parser_, piece.data(), piece.size(), take_field, take_row, this);
    if (error_)
        std::rethrow_exception(error_);
    if (taken < piece.size()) {
        if (csv_error(&parser_) != CSV_EPARSE)
            throw std::bad_alloc();
        fail_at_quote();
    }
    if (parser_.pstate == idle_ && !is_done_)  // an empty line
        row_bytes_ = 0;
}

void CsvRows::fail_at_quote() const {
    fail(
        "line {}, column {}: a quote out of place; need quotes around the whole field, and those "
        "inside doubled",
        line_,
        ends_.size() + 1);
}

void CsvRows::finish() {
    if (std::exchange(is_finished_, true))
        return;
    if (csv_fini(&parser_, take_field, take_row, this) != 0) {
        fail(
            "line {}, column {}: the quote is still open at the end of the file; need one that "
            "closes it",
            row_line_,
            ends_.size() + 1);
    }
    if (error_)
        std::rethrow_exception(error_);
}

}  // namespace xgrad::data
