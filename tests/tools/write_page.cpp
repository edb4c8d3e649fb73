// Writes a report with every section, report.html, and three runs in runs/, their numbers made up:
// write_page FOLDER.
#include <nn/rng.hpp>
#include <tools/demo_train.hpp>
#include <tools/report_mistakes.hpp>
#include <tools/run_environment.hpp>
#include <tools/run_folder.hpp>
#include <tools/run_page.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <iostream>

using namespace xgrad;
using namespace xgrad::report;

namespace {

constexpr std::size_t side = 28;
using demo::classes;
const std::vector<std::string>& names = demo::class_names;

train::History history() {
    train::History epochs;
    for (int i = 1; i <= 18; ++i) {
        const double train = 0.32 * std::exp(-0.17 * i) + 0.012;
        const double dev = 0.28 * std::exp(-0.25 * i) + 0.08 + 0.0007 * std::max(0, i - 12);
        epochs.push_back({{2.6 * train, train}, {2.9 * dev, dev}, 1.5, 1e-3});
    }
    return epochs;
}

// Scores of 2,000 rows: mostly right, and wrong more often between neighbours.
Array<float> scores(const data::Labels& labels, Rng& rng) {
    Array<float> all = empty<float>({labels.size(), classes});
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(labels[i]);
        for (std::size_t k = 0; k < classes; ++k) {
            const double near = k == label ? 3.4 : k % 2 == label % 2 && k < 8 ? 1.2 : 0;
            all.data()[i * classes + k] = static_cast<float>(near + 1.1 * rng.normal());
        }
    }
    return all;
}

// A ring for each row, its size by the label.
Array<float> pictures(const data::Labels& labels) {
    Array<float> x = empty<float>({labels.size(), side, side});
    for (std::size_t i = 0; i < labels.size(); ++i) {
        for (std::size_t p = 0; p < side * side; ++p) {
            const double dx = static_cast<double>(p % side) - 13.5;
            const double dy = static_cast<double>(p / side) - 13.5;
            const double off = std::hypot(dx, dy) - 3 - static_cast<double>(labels[i]);
            x.data()[i * side * side + p] = static_cast<float>(std::exp(-off * off / 4));
        }
    }
    return x;
}

void fill_layers(RunPage& page) {
    page.layers = {
        {"0", "Dense(784, 512)", 401920, 0.02, 0.91, 0.0, 1.1e-3, 0.0, 9e-4, "healthy", true},
        {"1", "Relu", {}, 0.37, 0.55, 0.49, 1.3e-3, 0.51, {}, "healthy", true},
        {"2", "Dropout(0.8)", {}, 0.37, 0.68, 0.59, 1.2e-3, 0.6, {}, "healthy", true},
        {"3", "Dense(512, 256)", 131328, -0.4, 0.8, 0.0, 2.1e-3, 0.0, 1.1e-3, "healthy", true},
        {"4", "Relu", {}, 0.09, 0.2, 0.93, 8e-5, 0.95, {}, "dead units", false},
        {"5", "Dense(256, 10)", 2570, 0.1, 2.4, 0.0, 0.021, 0.0, 2e-3, "healthy", true}};
}

void fill_checks(RunPage& page) {
    page.errors = {
        {"train", 0.0261, "55,000 rows, cost 0.0702; avoidable bias 2.61 %"},
        {"dev", 0.0934, "5,000 rows, cost 0.271; variance 6.73 %"},
        {"test", 0.0981, "10,000 rows, cost 0.285; 0.47 % above dev"}};
    page.verdicts = {
        {"diagnosis",
         "high variance (overfits)",
         {"Try more data, or augmentation.", "Try stronger regularisation.", "Try <less>."}}};
    page.gradients = GradientTable{
        true,
        3.4e-9,
        {{"0.weight", "(784, 512)", 40, 3.1e-9, 2.2e-8, "fine"},
         {"0.bias", "(512,)", 40, 1.2e-9, 9.1e-9, "fine"},
         {"3.weight", "(512, 256)", 40, 6.4e-9, 5.4e-8, "fine"},
         {"3.bias", "(256,)", 40, 2.3e-9, 1.2e-8, "fine"}},
        "gradcheck: passed, 160 elements of 4 parameters\nworst: 3.weight (12, 200)\n"};
}

RunPage page() {
    Rng rng(3);
    data::Labels labels;
    for (std::size_t i = 0; i < 2000; ++i)
        labels.push_back(static_cast<std::int64_t>(i % classes));
    const Array<float> all = scores(labels, rng);
    const data::Dataset<float> rows(pictures(labels), labels, classes);
    const std::vector<Mistake> worst = worst_mistakes(all, labels);

    RunPage page{
        .title = "A dense network", .subtitle = "Every section of a report, its numbers made up"};
    page.figures = {
        {"test accuracy", "90.19 %", "needed: 90.00 %", Figure::Mood::good},
        {"dev error", "9.34 %", "epoch 12 of 18"},
        {"diagnosis", "high variance", "dev less train: 6.7 %", Figure::Mood::bad},
        {"gradient check", "passed", "norm ratio 3.4e-09", Figure::Mood::good},
        {"time", "27 s", "18 epochs, 2 threads"}};
    page.history = history();
    page.best_epoch = 12;
    page.ended = "Stopped early after 18 of 40 epochs; the weights are those of epoch 12.";
    fill_checks(page);
    page.confusion = confusion_of(all, labels, names);
    page.mistakes = images_of(worst, rows, names);
    page.mistake_table = table_of(std::vector(worst.begin(), worst.begin() + 3), names);
    fill_layers(page);
    page.settings = {
        {"lr", 1e-3}, {"hidden", "512, 256"}, {"seed", 1}, {"augment", true}, {"batch", 128}};
    page.environment = environment();
    page.footer = "xgrad";
    return page;
}

void write_runs(const std::filesystem::path& folder) {
    std::filesystem::remove_all(folder);
    for (const int width : {64, 256, 512}) {
        RunFolder run(
            new_run_folder(folder, "width-" + std::to_string(width)),
            {.settings = {{"width", width}, {"batch", 128}}, .seed = 1});
        train::History epochs = history();
        for (train::EpochRecord& epoch : epochs) {
            epoch.train.error += 2.0 / width;
            epoch.dev.error += 1.0 / width;
        }
        run.start({{"epochs", 18}}, epochs, true);
        run.result("test error", 0.09 + 1.0 / width);
        run.finish(epochs, "");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_page FOLDER\n";
        return 2;
    }
    try {
        const std::filesystem::path folder = argv[1];
        write_file(folder / "report.html", run_page(page()));
        write_runs(folder / "runs");
    } catch (const std::exception& error) {
        std::cerr << "write_page: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
