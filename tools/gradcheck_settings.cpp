#include <autograd/fail.hpp>
#include <tools/gradcheck_settings.hpp>

#include <CLI/CLI.hpp>

namespace xgrad {

void add_options(CLI::App& app, Settings& settings) {
    app.add_flag(
        "--list",
        settings.list,
        "print the ops and the shapes of their samples; with --load or --op those only");
    app.add_flag("--all", settings.all, "check every op");
    app.add_option("--op", settings.names, "check this op; may be repeated");
    app.add_option(
        "--load", settings.libraries, "load this shared library and check the ops it registers");
    app.add_flag(
        "--power", settings.power, "put faults into the rules and print what is caught of them");
    app.add_option_function<std::string>(
           "--shapes",
           [&settings](const std::string& which) {
               settings.options.sweep = which == "sweep" ? 12 : 0;
           },
           "samples, or sweep: other shapes as well, and the smallest on which a check fails")
        ->check(CLI::IsMember({"samples", "sweep"}));
    app.add_option("--order", settings.options.order, "gradients up to this order")
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--dtype",
           [&settings](const std::string& type) {
               settings.options.in_float = type == "float";
               if (settings.options.in_float)
                   settings.options.order = 1;
           },
           "double, or float: gradients in float against slopes in double, to first order")
        ->check(CLI::IsMember({"double", "float"}));
    app.add_option("--seed", settings.options.seed, "of inputs and of output weights")
        ->capture_default_str();
    app.add_option(
        "--step",
        settings.options.step,
        "h = STEP * max(1, |x|) of the differences; 0: cube root of the machine epsilon");
    app.add_option("--json", settings.json, "write the report to this file");
    app.add_option("--junit", settings.junit, "write the checks to this file as JUnit's XML");
    app.add_option(
        "--html", settings.html, "write a page with pictures of the errors to this file");
    app.add_flag("-v,--verbose", settings.verbose, "print every check, skipped ones too");
    app.footer(
        "Exit code: 0 all passed, 1 a failure, 2 bad use or nothing checked, 3 nothing failed and "
        "something is inconclusive.");
}

void check_together(const CLI::App& app) {
    if (app.count("--order") > 0 && app.count("--dtype") > 0 &&
        app.get_option("--dtype")->as<std::string>() == "float" &&
        app.get_option("--order")->as<int>() > 1) {
        fail<std::invalid_argument>(
            "gradcheck: --dtype float does not take --order {}; gradients in float are checked to "
            "first order",
            app.get_option("--order")->as<int>());
    }
    if (app.count("--power") == 0)
        return;
    for (const char* option : {"--order", "--dtype", "--shapes", "--junit", "--html"}) {
        if (app.count(option) > 0) {
            fail<std::invalid_argument>(
                "gradcheck: --power does not take {}; its faults are of first order and in double, "
                "and its report is text or --json",
                option);
        }
    }
}

}  // namespace xgrad
