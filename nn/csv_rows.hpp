// Internal: the rows of a CSV file as texts, by libcsv.
#pragma once

#include <nn/byte_source.hpp>
#include <nn/csv.hpp>

#include <csv.h>

#include <exception>
#include <string_view>

namespace xgrad::data {

/// Goes through the file once.
class CsvRows {
public:
    CsvRows(const std::filesystem::path& path, const CsvOptions& options);
    CsvRows(const CsvRows&) = delete;
    CsvRows& operator=(const CsvRows&) = delete;
    ~CsvRows();

    /// The next row that is not empty; false at the end.
    [[nodiscard]] bool next();
    /// Of the row at hand, until the next one is.
    [[nodiscard]] std::size_t fields() const noexcept { return ends_.size(); }
    [[nodiscard]] std::string_view field(std::size_t i) const noexcept {
        const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
        return std::string_view(text_).substr(begin, ends_[i] - begin);
    }
    /// The line on which the row at hand begins, counted from 1.
    [[nodiscard]] std::size_t line() const noexcept { return row_line_; }

    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> fault, Args&&... args) const {
        file_.fail(fault, std::forward<Args>(args)...);
    }

private:
    static void take_field(void* field, std::size_t bytes, void* self);
    static void take_row(int terminator, void* self);

    [[nodiscard]] bool fill();
    void check_start() const;
    void feed(std::string_view piece);
    void fail_at_quote() const;
    void finish();
    void begin_row();

    CsvOptions options_;
    nn::FileSource file_;
    csv_parser parser_{};
    int idle_ = 0;  // the parser's state between rows
    std::string buffer_;
    std::size_t at_ = 0;         // in buffer_
    std::size_t line_ = 1;       // of what comes next
    bool line_begins_ = true;    // nothing of the line has been taken
    bool after_return_ = false;  // a CR: an LF now belongs to it
    bool in_comment_ = false;
    bool is_done_ = false;  // a row is complete
    bool is_finished_ = false;
    std::size_t row_line_ = 0;
    std::size_t row_bytes_ = 0;
    std::string text_;               // the row's fields, one after the other
    std::vector<std::size_t> ends_;  // of each, in text_
    std::exception_ptr error_;       // thrown where libcsv could not pass it on
};

}  // namespace xgrad::data
