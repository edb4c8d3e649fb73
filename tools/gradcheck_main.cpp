// gradcheck: checks the gradients of the registered ops; `gradcheck --help` says more.
#include <autograd/fail.hpp>
#include <autograd/plugin.hpp>
#include <tools/gradcheck_crash.hpp>
#include <tools/gradcheck_html.hpp>
#include <tools/gradcheck_json.hpp>
#include <tools/gradcheck_print.hpp>
#include <tools/gradcheck_settings.hpp>
#include <tools/gradcheck_target.hpp>
#include <tools/standard_output.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <fstream>

namespace {

using xgrad::Op;
using xgrad::OpReport;
using xgrad::PowerReport;
using xgrad::Settings;

constexpr int bad_use = 2;

// The ops that the libraries define.
std::vector<const Op*> load(const std::vector<std::string>& libraries) {
    std::vector<const Op*> ops;
    for (const std::string& path : libraries) {
        const std::vector<const Op*> added = xgrad::load_ops(path);
        ops.insert(ops.end(), added.begin(), added.end());
    }
    return ops;
}

// Throws std::invalid_argument for a name that is none.
std::vector<const Op*> named_ops(const std::vector<std::string>& names) {
    std::vector<const Op*> ops;
    for (const std::string& name : names) {
        const Op* op = xgrad::find_op(name);
        if (!op) {
            xgrad::fail<std::invalid_argument>(
                "gradcheck: no op is named \"{}\"; --list prints the names", name);
        }
        ops.push_back(op);
    }
    return ops;
}

// The ops to check, or to list; throws std::invalid_argument for a name that is none.
std::vector<const Op*> selected(const Settings& settings) {
    std::vector<const Op*> ops = load(settings.libraries);
    const std::vector<const Op*> named = named_ops(settings.names);
    const bool lists_all = settings.list && named.empty() && settings.libraries.empty();
    if (settings.all || lists_all)
        return xgrad::all_ops();
    return named.empty() ? ops : named;
}

void write(
    const char* option,
    const std::string& path,
    const std::string& text,
    std::ios::openmode mode = std::ios::trunc) {
    if (path.empty())
        return;
    std::ofstream file(path, std::ios::out | mode);
    file << text;
    if (!file.flush()) {
        xgrad::fail<xgrad::IoError>(
            "gradcheck: cannot write {}; pass {} a path that can be written", path, option);
    }
}

// Before the checks, which may take long: nothing is written yet, nor lost.
void check_files(const Settings& settings) {
    write("--json", settings.json, "", std::ios::app);
    write("--junit", settings.junit, "", std::ios::app);
    write("--html", settings.html, "", std::ios::app);
}

// One report an op; a crash names the op under way.
template <class Check>
auto reports_of(const std::vector<const Op*>& ops, Check check) {
    std::vector<decltype(check(*ops.front()))> reports;
    for (const Op* op : ops) {
        const xgrad::detail::CrashNote note(*op);
        reports.push_back(check(*op));
    }
    return reports;
}

// What the checks would catch, were the rules wrong.
int run_power(const std::vector<const Op*>& ops, const Settings& settings) {
    xgrad::print_power_header();
    const xgrad::Progress progress(ops.size());
    std::size_t done = 0;
    const std::vector<PowerReport> reports = reports_of(ops, [&](const Op& op) {
        progress.show(done++, op.name());
        PowerReport report = xgrad::power_of(op, settings.options);
        progress.clear();
        xgrad::print_power(report);
        return report;
    });
    write("--json", settings.json, xgrad::to_json(reports, settings.options));
    xgrad::print_power_summary(reports);
    return xgrad::exit_code(reports);
}

int run_checks(const std::vector<const Op*>& ops, const Settings& settings) {
    const auto start = std::chrono::steady_clock::now();
    xgrad::print_header(settings.options.order);
    const xgrad::Progress progress(ops.size());
    std::size_t done = 0;
    const std::vector<OpReport> reports = reports_of(ops, [&](const Op& op) {
        progress.show(done++, op.name());
        OpReport report = xgrad::check_op(op, settings.options);
        progress.clear();
        xgrad::print_op(report, settings.options.order, settings.verbose);
        return report;
    });
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    write("--json", settings.json, xgrad::to_json(reports, settings.options, taken.count()));
    write("--junit", settings.junit, xgrad::to_junit(reports, taken.count()));
    write("--html", settings.html, xgrad::to_html(reports, taken.count()));
    xgrad::print_summary(reports, taken.count());
    return xgrad::exit_code(reports);
}

int run(const Settings& settings) {
    xgrad::detail::check_options(settings.options);
    const std::vector<const Op*> ops = selected(settings);
    if (settings.list) {
        xgrad::print_list(ops);
        return 0;
    }
    if (ops.empty()) {
        xgrad::fail<std::invalid_argument>(
            "gradcheck: no op is selected; pass --all, --op NAME, --load LIBRARY or --list");
    }
    check_files(settings);
    return settings.power ? run_power(ops, settings) : run_checks(ops, settings);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Checks the gradients of xgrad's ops against two-sided differences.", "gradcheck");
    Settings settings;
    xgrad::add_options(app, settings);
    try {
        app.parse(argc, argv);
        xgrad::check_together(app);
        const int code = run(settings);
        xgrad::check_standard_output();
        return code;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : bad_use;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return bad_use;
    }
}
