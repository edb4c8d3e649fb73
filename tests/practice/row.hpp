// The practice, row by row: what proves a row, what shows it, and what it measures here and now.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xgrad::practice {

/// What a row has measured, and what of it is not as it must be.
class Figures {
public:
    /// A figure for the reader.
    template <class... Args>
    void say(fmt::format_string<Args...> text, Args&&... args) {
        add(said_, fmt::format(text, std::forward<Args>(args)...));
    }
    /// The row fails unless `fact`; the text says what was expected.
    void need(bool fact, std::string_view text) {
        if (!fact)
            add(missed_, std::string(text));
    }

    [[nodiscard]] bool ok() const { return missed_.empty(); }
    [[nodiscard]] std::string text() const {
        return ok() ? said_ : said_ + (said_.empty() ? "" : "; ") + "not so: " + missed_;
    }

private:
    static void add(std::string& list, const std::string& text) {
        list += (list.empty() ? "" : ", ") + text;
    }

    std::string said_, missed_;
};

struct Row {
    std::string name;                ///< "P13"
    std::string what;                ///< "numerical gradients"
    std::vector<std::string> tests;  ///< files under tests/
    std::string example;             ///< under examples/practice/, without ".cpp"
    void (*measure)(Figures&);
};

[[nodiscard]] std::vector<Row> data_rows();       ///< P1, P8, P10
[[nodiscard]] std::vector<Row> training_rows();   ///< P4, P5, P7, P9
[[nodiscard]] std::vector<Row> diagnosis_rows();  ///< P2, P3, P11, P12
[[nodiscard]] std::vector<Row> gradient_rows();   ///< P13, P14
[[nodiscard]] std::vector<Row> search_rows();     ///< P6, P15

}  // namespace xgrad::practice
