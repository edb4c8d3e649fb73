#include <tools/demo_report.hpp>
#include <tools/report.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace xgrad::demo {
namespace {

using report::Figure;

constexpr std::array<const char*, classes> names = {
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot"};

// 55,000 for 55000.
std::string grouped(std::size_t number) {
    std::string text = fmt::format("{}", number);
    for (std::size_t at = text.size(); at > 3;)
        text.insert(at -= 3, 1, ',');
    return text;
}

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

Figure::Mood mood(bool good) { return good ? Figure::Mood::good : Figure::Mood::bad; }

std::vector<report::Chart> curves(const Training& training) {
    std::vector<double> train_cost, dev_cost, train_error, dev_error;
    for (const train::EpochRecord& epoch : training.history) {
        train_cost.push_back(epoch.train.cost);
        dev_cost.push_back(epoch.dev.cost);
        train_error.push_back(epoch.train.error);
        dev_error.push_back(epoch.dev.error);
    }
    const report::Chart cost{
        .title = "Cost (cross-entropy)",
        .curves = {{"train", train_cost}, {"dev", dev_cost}},
        .marked = training.best_epoch,
        .mark = "best dev error: epoch"};
    report::Chart error = cost;
    error.title = "0-1 error";
    error.curves = {{"train", train_error}, {"dev", dev_error}};
    error.percent = true;
    return {cost, error};
}

report::Table layers(nn::Sequential<float>& net) {
    report::Table table{{"layer", "", "parameters", "count"}, {}, 3};
    for (const auto& [path, layer] : net.children()) {
        std::string shapes;
        for (const nn::Parameter<float>& parameter : layer->parameters()) {
            shapes += fmt::format(
                "{}{} {}",
                shapes.empty() ? "" : ", ",
                parameter.name,
                to_string(parameter.value.shape()));
        }
        const std::size_t count = layer->parameter_count();
        table.rows.push_back({path, layer->describe(), shapes, count == 0 ? "" : grouped(count)});
    }
    table.rows.push_back({"", "total", "", grouped(net.parameter_count())});
    return table;
}

report::Table gradient_table(const Outcome& outcome) {
    report::Table table{
        {"parameter",
         "shape",
         "checked",
         "norm ratio, start",
         "norm ratio, trained",
         "worst element",
         "float against double"},
        {},
        2};
    for (std::size_t i = 0; i < outcome.check_end.parameters.size(); ++i) {
        const ParameterCheck& start = outcome.check_start.parameters[i];
        const ParameterCheck& end = outcome.check_end.parameters[i];
        table.rows.push_back(
            {end.name,
             to_string(end.shape),
             fmt::format("{}", end.checked),
             fmt::format("{:.1e}", start.norm_ratio),
             fmt::format("{:.1e}", end.norm_ratio),
             fmt::format("{:.1e}", std::max(start.relative_error, end.relative_error)),
             fmt::format("{:.1e}", std::max(start.float_ratio, end.float_ratio))});
    }
    table.note =
        "Norm ratio: |numeric - analytic| / (|numeric| + |analytic|) in double; below 1e-7 is "
        "fine, from 0.001 on it is a bug.";
    return table;
}

struct Mistake {
    std::size_t row;
    std::size_t called;
    double sure;  // the probability of the wrong class
};

// The surest first.
std::vector<Mistake> mistakes(const Array<float>& scores, const data::Labels& labels) {
    std::vector<Mistake> wrong;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::span row(scores.data() + i * classes, classes);
        const auto best = std::ranges::max_element(row);
        const auto called = static_cast<std::size_t>(best - row.begin());
        if (called == static_cast<std::size_t>(labels[i]))
            continue;
        double sum = 0;
        for (const float score : row)
            sum += std::exp(static_cast<double>(score) - static_cast<double>(*best));
        wrong.push_back({i, called, 1 / sum});
    }
    std::ranges::stable_sort(wrong, std::ranges::greater(), &Mistake::sure);
    return wrong;
}

std::vector<report::Image> images(const std::vector<Mistake>& wrong, const Data& data) {
    std::vector<report::Image> all;
    for (const Mistake& mistake : wrong) {
        if (all.size() == 12)
            break;
        const auto label = static_cast<std::size_t>(data.raw_test.y()[mistake.row]);
        report::Image image{
            data.image[1],
            data.image[0],
            {},
            fmt::format("{}, called {}", names[label], names[mistake.called]),
            fmt::format("{:.1f} % sure, no. {}", 100 * mistake.sure, mistake.row)};
        const std::size_t pixels = data.features();
        const float* from = data.raw_test.x().data() + mistake.row * pixels;
        for (std::size_t i = 0; i < pixels; ++i)
            image.pixels.push_back(static_cast<std::uint8_t>(std::lround(255 * from[i])));
        all.push_back(std::move(image));
    }
    return all;
}

// For each class how often it is missed, and as what.
report::Table class_table(const std::vector<Mistake>& wrong, const data::Labels& labels) {
    std::array<std::array<std::size_t, classes>, classes> as{};
    std::array<std::size_t, classes> images{}, missed{};
    for (const std::int64_t label : labels)
        ++images[static_cast<std::size_t>(label)];
    for (const Mistake& mistake : wrong) {
        const auto label = static_cast<std::size_t>(labels[mistake.row]);
        ++as[label][mistake.called];
        ++missed[label];
    }
    report::Table table{{"class", "most often taken for", "test images", "error"}, {}, 2};
    for (std::size_t k = 0; k < classes; ++k) {
        const auto most = std::ranges::max_element(as[k]);
        const double share =
            images[k] == 0 ? 0 : static_cast<double>(missed[k]) / static_cast<double>(images[k]);
        table.rows.push_back(
            {names[k],
             *most == 0 ? "" : fmt::format("{} ({})", names[most - as[k].begin()], *most),
             grouped(images[k]),
             fmt::format("{:.1f} %", 100 * share)});
    }
    return table;
}

report::Table settings_table(const Settings& s) {
    return {
        {"setting", "value"},
        {{"hidden layers", fmt::format("{}", fmt::join(s.hidden, ", "))},
         {"dropout keep_prob", fmt::format("{}", s.keep_prob)},
         {"optimiser", "AdamW"},
         {"learning rate", fmt::format("{}, falling to 0 on a half cosine", s.lr)},
         {"weight decay, not on biases", fmt::format("{}", s.weight_decay)},
         {"batch size", fmt::format("{}", s.batch)},
         {"epochs, at most", fmt::format("{}", s.epochs)},
         {"patience", fmt::format("{} epochs", s.patience)},
         {"seed", fmt::format("{}", s.seed)},
         {"threads", fmt::format("{}", s.threads)},
         {"data", s.data.string()}}};
}

std::vector<Figure> figures(const Outcome& o, const Settings& s) {
    return {
        {"test accuracy",
         percent(o.accuracy()),
         s.require_accuracy > 0 ? "needed: " + percent(s.require_accuracy) : "",
         mood(o.accuracy() >= s.require_accuracy)},
        {"error on train, dev",
         fmt::format("{:.1f}, {:.1f} %", 100 * o.train.error, 100 * o.dev.error),
         o.diagnosis.verdict},
        {"gradient check",
         o.gradients_ok() ? "passed" : "failed",
         fmt::format("norm ratio {:.1e}", o.norm_ratio()),
         mood(o.gradients_ok())},
        {"saved model, reloaded",
         o.reloaded_same ? "same bits" : "differs",
         fmt::format("weights {:016x}", o.hash),
         mood(o.reloaded_same)},
        {"time",
         fmt::format("{:.0f} s", o.seconds),
         fmt::format("{} epochs, {} threads", o.training.history.size(), s.threads)}};
}

std::string how_it_ended(const Training& training, const Settings& settings) {
    return fmt::format(
        "{} after {} of {} epochs; the weights are those of epoch {}, the best on the dev set.",
        training.stopped_early ? "Stopped early" : "Ended",
        training.history.size(),
        settings.epochs,
        training.best_epoch);
}

std::vector<std::string> steps(const train::Diagnosis& diagnosis) {
    std::vector<std::string> lines;
    for (const std::string& step : diagnosis.steps)
        lines.push_back("Try " + step + ".");
    return lines;
}

report::Table error_table(const Outcome& o, const Data& data) {
    report::Table table{{"set", "images", "cost", "0-1 error", "accuracy"}, {}};
    const auto row = [&](const char* name, std::size_t size, const train::Evaluation& score) {
        table.rows.push_back(
            {name,
             grouped(size),
             fmt::format("{:.4f}", score.cost),
             percent(score.error),
             percent(1 - score.error)});
    };
    row("train", data.train.size(), o.train);
    row("dev", data.dev.size(), o.dev);
    row("test", data.test.size(), o.test);
    return table;
}

}  // namespace

std::string report_page(
    const Outcome& o, nn::Sequential<float>& net, const Data& data, const Settings& settings) {
    const std::vector<Mistake> wrong = mistakes(o.test_scores, data.test.y());
    report::Page page(
        "Fashion-MNIST, a dense network",
        fmt::format(
            "{} parameters trained on {} images, chosen on {}, judged on {}",
            grouped(net.parameter_count()),
            grouped(data.train.size()),
            grouped(data.dev.size()),
            grouped(data.test.size())));
    page.figures(figures(o, settings))
        .section("Training", how_it_ended(o.training, settings))
        .charts(curves(o.training))
        .paragraph(fmt::format(
            "The train curves are taken in evaluation mode on {} training images, as many as the "
            "dev set has.",
            grouped(std::min(data.train.size(), data.dev.size()))))
        .section("Errors")
        .table(error_table(o, data))
        .section("Bias and variance")
        .paragraph(fmt::format(
            "Verdict: {}. Avoidable bias {} (train error), variance {} (dev less train); more than "
            "{} "
            "counts as high.",
            o.diagnosis.verdict,
            percent(o.diagnosis.avoidable_bias),
            percent(o.diagnosis.variance),
            percent(train::DiagnosisOptions().high)))
        .list(steps(o.diagnosis))
        .section(
            "Gradient check",
            "The cost on a few training images, dropout masks fixed, against two-sided "
            "differences, before and after training.")
        .table(gradient_table(o))
        .section("Classes")
        .table(class_table(wrong, data.test.y()))
        .section(
            "Surest mistakes",
            fmt::format("Of {} test images taken for another class.", grouped(wrong.size())))
        .images(images(wrong, data))
        .section("Layers")
        .table(layers(net))
        .section("Settings")
        .table(settings_table(settings))
        .footer(fmt::format("xgrad demo; weights {:016x}", o.hash));
    return page.html();
}

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const train::Evaluation& score) {
    return {{"cost", score.cost}, {"error", score.error}};
}

Json json_of(const ModelCheck& check) {
    Json parameters = Json::array();
    for (const ParameterCheck& p : check.parameters) {
        parameters.push_back(
            {{"name", p.name},
             {"checked", p.checked},
             {"norm_ratio", p.norm_ratio},
             {"relative_error", p.relative_error},
             {"float_ratio", p.float_ratio}});
    }
    return {{"ok", check.ok}, {"norm_ratio", check.norm_ratio}, {"parameters", parameters}};
}

Json json_of(const Settings& s) {
    return {
        {"data", s.data.string()},
        {"epochs", s.epochs},
        {"batch", s.batch},
        {"lr", s.lr},
        {"keep_prob", s.keep_prob},
        {"weight_decay", s.weight_decay},
        {"hidden", s.hidden},
        {"patience", s.patience},
        {"seed", s.seed},
        {"threads", s.threads},
        {"quick", s.quick}};
}

}  // namespace

std::string run_record(const Outcome& o, const Data& data, const Settings& settings) {
    Json epochs = Json::array();
    for (const train::EpochRecord& epoch : o.training.history) {
        epochs.push_back(
            {{"train", json_of(epoch.train)},
             {"dev", json_of(epoch.dev)},
             {"seconds", epoch.seconds}});
    }
    const Json record = {
        {"program", "xgrad demo"},
        {"settings", json_of(settings)},
        {"rows",
         {{"train", data.train.size()}, {"dev", data.dev.size()}, {"test", data.test.size()}}},
        {"epochs", epochs},
        {"best_epoch", o.training.best_epoch},
        {"stopped_early", o.training.stopped_early},
        {"train", json_of(o.train)},
        {"dev", json_of(o.dev)},
        {"test", json_of(o.test)},
        {"verdict", o.diagnosis.verdict},
        {"next_steps", o.diagnosis.steps},
        {"gradcheck", {{"start", json_of(o.check_start)}, {"trained", json_of(o.check_end)}}},
        {"reloaded_same", o.reloaded_same},
        {"weights", fmt::format("{:016x}", o.hash)},
        {"seconds", o.seconds}};
    return record.dump(2) + "\n";
}

}  // namespace xgrad::demo
