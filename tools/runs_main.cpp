// xgrad-runs: lists and compares the runs below a folder.
#include <tools/report.hpp>
#include <tools/runs_table.hpp>
#include <tools/standard_output.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace {

using namespace xgrad::report;
namespace fs = std::filesystem;

struct Options {
    fs::path top = ".";
    std::vector<std::string> columns;
    std::vector<std::string> add;
    std::string sort;
    bool descending = false;
    std::size_t first = 0;
    bool json = false, csv = false;
    fs::path curves;
};

void add_options(CLI::App& app, Options& options) {
    app.add_option("folder", options.top, "the runs at and below it; default: this one")
        ->type_name("FOLDER");
    app.add_option("--columns", options.columns, "in place of those that tell the runs apart")
        ->delimiter(',')
        ->type_name("NAME,NAME");
    app.add_option("--add", options.add, "columns besides")->delimiter(',')->type_name("NAME,NAME");
    app.add_option("--sort", options.sort, "by this column; default: by name")->type_name("NAME");
    app.add_flag("--descending", options.descending, "the largest first");
    app.add_option("--first", options.first, "that many rows only; 0 for all")->type_name("N");
    CLI::Option* json = app.add_flag("--json", options.json, "a list of objects, all digits");
    app.add_flag("--csv", options.csv, "comma-separated, all digits")->excludes(json);
    app.add_option("--curves", options.curves, "write a page with the curves, and the table")
        ->type_name("FILE.html");
}

// The runs that can be read; what is wrong with the others goes to stderr.
std::vector<NamedRun> read_runs(const fs::path& top, bool& all_good) {
    std::vector<NamedRun> runs;
    for (const fs::path& folder : find_runs(top)) {
        const std::string name = (folder == top ? fs::absolute(folder).lexically_normal().filename()
                                                : folder.lexically_relative(top))
                                     .string();
        try {
            runs.emplace_back(name, read_run(folder));
        } catch (const std::exception& error) {
            fmt::print(stderr, "xgrad-runs: {}\n", error.what());
            all_good = false;
        }
    }
    return runs;
}

int run(const Options& options) {
    bool all_good = true;
    std::vector<NamedRun> runs = read_runs(options.top, all_good);
    if (runs.empty()) {
        fmt::print(
            stderr,
            "xgrad-runs: {}: no run can be read there; need folders that a RunRecorder wrote\n",
            options.top.string());
        return 2;
    }
    if (!options.sort.empty())
        sort_runs(runs, options.sort, options.descending);
    if (options.first > 0 && runs.size() > options.first)
        runs.resize(options.first);
    std::vector<std::string> columns = options.columns;
    if (columns.empty())
        columns = default_columns(runs);
    columns.insert(columns.end(), options.add.begin(), options.add.end());
    const RunsTable table = runs_table(runs, columns);
    if (!options.curves.empty())
        write_file(options.curves, to_page(runs, table));
    const std::string text = options.json  ? to_json(table)
                             : options.csv ? to_csv(table)
                                           : to_text(table);
    std::fputs(text.c_str(), stdout);
    xgrad::check_standard_output();
    return all_good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Lists and compares the runs below a folder, as a RunRecorder leaves them.\n"
        "Exit code: 0; 1 when a run's folder is broken (the others are shown); 2 when there is "
        "nothing\nto show.");
    Options options;
    add_options(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "xgrad-runs: {}\n", error.what());
        return 2;
    }
}
