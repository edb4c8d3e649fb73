// Trains a dense network on Fashion-MNIST, checks its gradients, and leaves a report.
#include <autograd/parallel.hpp>
#include <nn/serialize.hpp>
#include <tools/demo_report.hpp>
#include <tools/report.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <thread>

namespace {

using namespace xgrad;
using namespace xgrad::demo;
using Clock = std::chrono::steady_clock;

// Printed at once also where the output is a pipe.
template <class... Args>
void say(fmt::format_string<Args...> text, Args&&... args) {
    fmt::print(text, std::forward<Args>(args)...);
    std::fflush(stdout);
}

CLI::Validator in_range(const char* name, double low, double high, bool low_included) {
    const auto check = [=](const std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && value <= high &&
                          (low_included ? value >= low : value > low);
        return good ? std::string() : fmt::format("{}; need {}", text, name);
    };
    return {check, ""};
}

void add_options(CLI::App& app, Settings& s) {
    const double infinity = std::numeric_limits<double>::max();
    const CLI::Validator positive = in_range("a number above 0", 0, infinity, false);
    app.option_defaults()->always_capture_default();
    app.add_option("--data", s.data, "folder of the four IDX files")->type_name("FOLDER");
    app.add_option("--out", s.out, "folder for report, record and model")->type_name("FOLDER");
    app.add_option("--seed", s.seed, "of split, weights, batches and masks")->type_name("N");
    app.add_option("--threads", s.threads, "the weights do not depend on it")
        ->check(positive)
        ->type_name("N");
    app.add_flag("--quick", s.quick, "6,000 training images and 2 epochs");
    app.add_option(
           "--require-accuracy",
           s.require_accuracy,
           "on test, or exit with 1; 0 unless data and training are the default ones")
        ->check(in_range("0 to 1", 0, 1, true))
        ->type_name("SHARE");

    app.option_defaults()->group("Training");
    app.add_option("--epochs", s.epochs, "at most")->check(positive)->type_name("N");
    app.add_option("--batch", s.batch, "images in a step")->check(positive)->type_name("N");
    app.add_option("--lr", s.lr, "learning rate at the start")->check(positive)->type_name("RATE");
    app.add_option("--keep-prob", s.keep_prob, "of dropout; 1 for none")
        ->check(in_range("a number above 0, at most 1", 0, 1, false))
        ->type_name("SHARE");
    app.add_option("--weight-decay", s.weight_decay, "of AdamW")
        ->check(in_range("0 or more", 0, infinity, true))
        ->type_name("RATE");
    app.add_option("--hidden", s.hidden, "widths of the hidden layers")
        ->delimiter(',')
        ->check(positive)
        ->type_name("N,N");
    app.add_option("--patience", s.patience, "epochs without a better dev error before the stop")
        ->check(positive)
        ->type_name("N");
}

// The default goal is that of the default task.
void settle(const CLI::App& app, Settings& s) {
    bool changed = s.quick || app.count("--data") > 0;
    for (const CLI::Option* option : std::as_const(app).get_options())
        changed = changed || (option->get_group() == "Training" && option->count() > 0);
    if (changed && app.count("--require-accuracy") == 0)
        s.require_accuracy = 0;
    if (s.quick && app.count("--epochs") == 0)
        s.epochs = 2;
}

bool same_bits(const Array<float>& a, const Array<float>& b) {
    return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Scores the raw test images with what the file holds.
bool scores_alike(const std::filesystem::path& path, const Data& data, const Outcome& outcome) {
    Model model = load_model(path);
    const data::Dataset<float> test(
        model.normalizer.transform(data.raw_test.x()), data.raw_test.y(), classes);
    const train::Evaluation score = train::evaluate(model.net, test);
    return score.cost == outcome.test.cost && score.error == outcome.test.error &&
           same_bits(train::predict(model.net, test), outcome.test_scores);
}

Outcome run(nn::Sequential<float>& net, const Data& data, const Settings& settings) {
    Outcome o;
    o.check_start = check_gradients(net.state_dict(), data, settings);
    o.training = train_network(net, data, settings);
    o.train = train::evaluate(net, data.train);
    o.dev = train::evaluate(net, data.dev);
    o.test = train::evaluate(net, data.test);
    o.diagnosis =
        train::diagnose({.train = o.train.error, .dev = o.dev.error, .test = o.test.error});
    o.check_end = check_gradients(net.state_dict(), data, settings);
    o.test_scores = train::predict(net, data.test);
    o.hash = hash_of(net.state_dict());
    const std::filesystem::path file = settings.out / "model.safetensors";
    save_model(file, net, data.normalizer, settings);
    o.reloaded_same = scores_alike(file, data, o);
    return o;
}

void print_check(const Outcome& o) {
    say("\ngradient check        checked   norm ratio: start   trained\n");
    for (std::size_t i = 0; i < o.check_end.parameters.size(); ++i) {
        const ParameterCheck& end = o.check_end.parameters[i];
        say("  {:<10} {:<12} {:>4}   {:>17.1e} {:>9.1e}\n",
            end.name,
            to_string(end.shape),
            end.checked,
            o.check_start.parameters[i].norm_ratio,
            end.norm_ratio);
    }
    for (const ModelCheck* check : {&o.check_start, &o.check_end}) {
        if (!check->ok)
            say("{}\n", check->text);
    }
}

void print_summary(const Outcome& o, const Settings& s) {
    say("\nbest epoch {}{}\n",
        o.training.best_epoch,
        o.training.stopped_early ? ", stopped early" : "");
    say("0-1 error: train {:.2f} %, dev {:.2f} %, test {:.2f} %\n",
        100 * o.train.error,
        100 * o.dev.error,
        100 * o.test.error);
    say("verdict: {}\n", o.diagnosis.verdict);
    for (const std::string& step : o.diagnosis.steps)
        say("  try {}\n", step);
    print_check(o);
    say("\nmodel: {}, reloaded: {}\n",
        (s.out / "model.safetensors").string(),
        o.reloaded_same ? "the same scores, bit for bit" : "OTHER SCORES");
    say("weights: {:016x}\n", o.hash);
    say("time: {:.1f} s, {:.1f} s of it training, {} threads\n",
        o.seconds,
        o.training.seconds,
        s.threads);
    say("test accuracy: {:.4f}{}\n",
        o.accuracy(),
        o.accuracy() < s.require_accuracy ? fmt::format(", below {}", s.require_accuracy) : "");
    say("gradcheck: {}, norm ratio {:.1e}\n",
        o.gradients_ok() ? "passed" : "FAILED",
        o.norm_ratio());
    say("report: {}\n", (s.out / "report.html").string());
}

int demo_main(const Settings& settings) {
    const Clock::time_point start = Clock::now();
    set_num_threads(settings.threads);
    std::filesystem::create_directories(settings.out);
    const Data data = load_data(settings);
    say("train {} images, dev {}, test {}; mean {:.4f}, deviation {:.4f} of the training pixels\n",
        data.train.size(),
        data.dev.size(),
        data.test.size(),
        data.normalizer.mean().data()[0],
        data.normalizer.scale().data()[0]);
    auto net = build_network<float>(data.features(), settings);
    say("\n{}\n", nn::summary(net));
    Outcome outcome = run(net, data, settings);
    outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    report::write_file(settings.out / "report.html", report_page(outcome, net, data, settings));
    report::write_file(settings.out / "run.json", run_record(outcome, data, settings));
    print_summary(outcome, settings);
    const bool good = outcome.accuracy() >= settings.require_accuracy && outcome.gradients_ok() &&
                      outcome.reloaded_same;
    return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Trains a dense network on Fashion-MNIST, checks its gradients, and leaves a report.\n"
        "Exit code: 0 when test accuracy, gradients and the reloaded model are as needed, 1 when "
        "not,\n2 when it could not run to its end.");
    Settings settings;
    settings.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 2U);
    add_options(app, settings);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    settle(app, settings);
    try {
        return demo_main(settings);
    } catch (const std::exception& error) {
        std::fflush(stdout);
        fmt::print(stderr, "demo: {}\n", error.what());
        if (!std::filesystem::exists(settings.data)) {
            fmt::print(
                stderr,
                "The data is in Debian's package dataset-fashion-mnist; --data names a folder.\n");
        }
        return 2;
    }
}
