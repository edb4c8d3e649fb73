// The practice of training as a story, on Fashion-MNIST.
#include <autograd/parallel.hpp>
#include <tools/demo_report.hpp>
#include <tools/live.hpp>
#include <tools/report.hpp>
#include <tools/run_record.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <thread>
#include <variant>

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
    app.add_flag("--quick", s.quick, "6,000 training images, a few epochs, 3 trials");
    app.add_flag("--live", s.live, "a page on this machine that shows the last training");
    app.add_option(
           "--require-accuracy",
           s.require_accuracy,
           "on test, or exit with 1; 0 unless data and training are the default ones")
        ->check(in_range("0 to 1", 0, 1, true))
        ->type_name("SHARE");

    app.option_defaults()->group("Training");
    app.add_option("--epochs", s.epochs, "at most")->check(positive)->type_name("N");
    app.add_option("--first-epochs", s.first_epochs, "of the first network")
        ->check(positive)
        ->type_name("N");
    app.add_option("--trials", s.trials, "of the search; 0 for none")->type_name("N");
    app.add_option("--batch", s.batch, "images in a step")->check(positive)->type_name("N");
    app.add_option("--lr", s.lr, "learning rate at the start")->check(positive)->type_name("RATE");
    app.add_option("--keep-prob", s.keep_prob, "of dropout, without a search; 1 for none")
        ->check(in_range("a number above 0, at most 1", 0, 1, false))
        ->type_name("SHARE");
    app.add_option("--weight-decay", s.weight_decay, "of AdamW, without a search")
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
    if (!s.quick)
        return;
    const auto set = [&app](const char* name, std::size_t& value, std::size_t quick) {
        if (app.count(name) == 0)
            value = quick;
    };
    set("--epochs", s.epochs, 15);
    set("--first-epochs", s.first_epochs, 25);
    set("--trials", s.trials, 3);
    s.trial_epochs = 9;
    s.trial_rows = 2'000;
}

bool same_bits(const Array<float>& a, const Array<float>& b) {
    return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Does the file hold the network and the normaliser, to the bit?
bool scores_alike(
    const std::filesystem::path& path,
    const Data& data,
    const data::Dataset<float>& test,
    const Outcome& outcome) {
    Model model = load_model(path);
    return same_bits(model.normalizer.mean(), data.normalizer.mean()) &&
           same_bits(model.normalizer.scale(), data.normalizer.scale()) &&
           same_bits(train::predict(model.net, test), outcome.test_scores);
}

void heading(const char* text) { say("\n== {}\n", text); }

// Trains a network of these settings and says what its errors mean.
Trained train_network(
    nn::Sequential<float>& net,
    const Data& data,
    const Settings& settings,
    train::FitOptions<float> options,
    const std::string& name) {
    options.progress = stdout;
    auto run = std::make_shared<report::RunRecorder<float>>(
        report::new_run_folder(settings.out / "runs", name),
        report::RunOptions{
            .settings =
                {{"keep_prob", settings.keep_prob}, {"weight_decay", settings.weight_decay}},
            .seed = settings.seed});
    options.callbacks.push_back(run);
    Trained trained;
    trained.fit = train::fit(net, {data.train, data.dev}, options);
    if (trained.fit.end == train::FitEnd::interrupted)
        throw std::runtime_error("demo: " + trained.fit.ended);
    trained.train = train::evaluate(net, data.train);
    trained.dev = train::evaluate(net, data.dev);
    trained.diagnosis = train::diagnose(
        {.train = trained.train.error,
         .dev = trained.dev.error,
         .train_rows = data.train.size(),
         .dev_rows = data.dev.size()});
    run->verdict({"diagnosis", trained.diagnosis.verdict, trained.diagnosis.steps});
    run->result("train error", trained.train.error);
    run->result("dev error", trained.dev.error);
    say("{}", trained.diagnosis.text());
    return trained;
}

Trained first_network(const Data& data, const Settings& settings) {
    heading("A first network, which nothing holds back");
    auto net = build_network<float>(data.features(), settings);
    say("{}\n", nn::summary(net));
    return train_network(
        net, data, settings, fit_options(settings, settings.first_epochs), "first");
}

// Settings with what the search found; as they are without trials.
Settings regularised(const Data& data, Settings settings, search::SearchResult& result) {
    if (settings.trials == 0)
        return settings;
    heading("Regularisation, by search: scored on dev, successive halving");
    set_num_threads(1);  // the trials run side by side
    result = search_regularisation(data, settings);
    set_num_threads(settings.threads);
    const search::TrialResult& best = result.best_trial();
    for (const auto& [name, value] : best.values)
        (name == "keep_prob" ? settings.keep_prob : settings.weight_decay) =
            std::get<double>(value);
    say("best: keep_prob {:.2f}, weight_decay {:.3f}; dev error {:.2f} % on {} images\n",
        settings.keep_prob,
        settings.weight_decay,
        100 * best.error,
        std::min(settings.trial_rows, data.train.size()));
    report::write_file(settings.out / "search.csv", result.csv());
    return settings;
}

void final_network(Outcome& o, nn::Sequential<float>& net, const Data& data, const Settings& s) {
    heading("The network with it, all images, early stopping");
    auto options = fit_options(s, s.epochs);
    options.early_stopping = {.patience = s.patience};
    options.augmentation = data::Augmentation<float>(
        s.seed, {.height = data.image[0], .width = data.image[1], .border = data.black()});
    options.augmentation->flip();
    if (s.live) {
        auto live = std::make_shared<report::LiveView<float>>();
        say("live: {}\n", live->url());
        options.callbacks.push_back(live);
    }
    o.check_start = check_gradients(net.state_dict(), data, s);
    o.final = train_network(net, data, s, options, "regularised");
    o.check_end = check_gradients(net.state_dict(), data, s);
    const auto few = data.train.slice(0, std::min<std::size_t>(256, data.train.size()));
    o.layers = train::layer_report(net, data::Batch<float>{few.x(), few.y()});
}

const data::Dataset<float>& judge(Outcome& o, nn::Sequential<float>& net, Data& data) {
    heading("The test set, once");
    const data::Dataset<float>& test = data.test.look("the final score");
    o.test = train::evaluate(net, test);
    o.test_scores = train::predict(net, test);
    o.diagnosis = train::diagnose(
        {.train = o.final.train.error,
         .dev = o.final.dev.error,
         .test = o.test.error,
         .train_rows = data.train.size(),
         .dev_rows = data.dev.size(),
         .test_rows = test.size()});
    say("0-1 error: train {:.2f} %, dev {:.2f} %, test {:.2f} %\n{}",
        100 * o.final.train.error,
        100 * o.final.dev.error,
        100 * o.test.error,
        o.diagnosis.text());
    return test;
}

void print_check(const Outcome& o) {
    heading("Gradient check");
    say("                      checked   norm ratio: start   trained\n");
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
    print_check(o);
    say("\nmodel: {}, reloaded: {}\n",
        (s.out / "model.safetensors").string(),
        o.reloaded_same ? "the same scores, bit for bit" : "OTHER SCORES");
    say("runs: {}; xgrad-runs compares them\n", (s.out / "runs").string());
    say("weights: {:016x}\n", o.hash);
    say("time: {:.1f} s, {} threads\n", o.seconds, s.threads);
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
    heading("Data");
    Data data = load_data(settings);
    say("train {} images, dev {}, test {}; mean {:.4f}, deviation {:.4f} of the training pixels\n",
        data.train.size(),
        data.dev.size(),
        data.test.size(),
        data.normalizer.mean().data()[0],
        data.normalizer.scale().data()[0]);
    for (const std::string& line : data.report)
        say("{}\n", line);
    Outcome o;
    Settings unregularised = settings;
    if (settings.trials > 0) {
        unregularised.keep_prob = 1;
        unregularised.weight_decay = 0;
    }
    o.first = first_network(data, unregularised);
    const Settings chosen = regularised(data, settings, o.search);
    auto net = build_network<float>(data.features(), chosen);
    final_network(o, net, data, chosen);
    const data::Dataset<float>& test = judge(o, net, data);
    o.hash = hash_of(net.state_dict());
    const std::filesystem::path file = chosen.out / "model.safetensors";
    save_model(file, net, data.normalizer, chosen);
    o.reloaded_same = scores_alike(file, data, test, o);
    o.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    report::write_file(chosen.out / "report.html", report_page(o, data, test, chosen));
    print_summary(o, chosen);
    const bool good =
        o.accuracy() >= chosen.require_accuracy && o.gradients_ok() && o.reloaded_same;
    return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "The practice of training on Fashion-MNIST: split, normalise, a first network, its "
        "diagnosis,\n"
        "regularisation by search, early stopping, the test set once, a gradient check, a report.\n"
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
