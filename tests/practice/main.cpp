// One line a row of the practice, P1 to P15: what it measures here and now, the tests that prove
// it, the example and the picture that show it. Ends with 1 when a row fails or a file is missing.
#include <tests/practice/row.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace xgrad::practice;

namespace {

Figures measure(const Row& row) {
    Figures figures;
    try {
        row.measure(figures);
    } catch (const std::exception& error) {
        figures.need(false, fmt::format("no error ({})", error.what()));
    }
    return figures;
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Looks for the row's tests, its example and its picture, and names them. A test or an example that
// no build knows proves nothing.
std::string find_files(const Row& row, Figures& figures) {
    const std::filesystem::path source = XGRAD_SOURCE;
    std::string names;
    const auto find = [&](const std::string& file) {
        names += " " + file;
        figures.need(std::filesystem::exists(source / file), "the file " + file);
    };
    const auto need_listed = [&](const char* build, const std::string& name) {
        figures.need(
            text_of(source / build).find("'" + name) != std::string::npos,
            fmt::format("{} in {}", name, build));
    };
    for (const std::string& test : row.tests) {
        find("tests/" + test);
        need_listed("tests/meson.build", test.substr(0, test.rfind('.')));
    }
    find("examples/practice/" + row.example + ".cpp");
    need_listed("examples/meson.build", row.example);
    find("examples/pictures/" + row.example + ".svg");
    return names;
}

}  // namespace

int main() {
    std::vector<Row> rows;
    for (const auto& part :
         {data_rows(), training_rows(), diagnosis_rows(), gradient_rows(), search_rows()})
        rows.insert(rows.end(), part.begin(), part.end());
    std::ranges::sort(rows, {}, [](const Row& row) { return std::stoi(row.name.substr(1)); });

    std::size_t failed = 0;
    for (const Row& row : rows) {
        Figures figures = measure(row);
        const std::string files = find_files(row, figures);
        failed += !figures.ok();
        fmt::print(
            "{:<4} {:<6}  {:<24} {} |{}\n",
            row.name,
            figures.ok() ? "ok" : "FAILED",
            row.what,
            figures.text(),
            files);
        std::fflush(stdout);
    }
    fmt::print("{} of {} rows ok\n", rows.size() - failed, rows.size());
    return failed == 0 && rows.size() == 15 ? 0 : 1;
}
