// Split and mismatch (practice P1): parts by the number of rows, dev and test from where the model
// will be used, a train-dev part that tells variance from mismatch, and the guards against leaks.
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>
#include <nn/compare.hpp>
#include <nn/diagnose.hpp>
#include <nn/fit.hpp>
#include <nn/guards.hpp>
#include <nn/test_set.hpp>
#include <nn/warning.hpp>
#include <tools/report_plot.hpp>

#include <algorithm>
#include <cstdio>

using namespace xgrad;

namespace {

// Rows first, first + 1, ... of the training images.
data::Dataset<float> images(std::size_t first, std::size_t rows) {
    static const auto all = data::load_images(
        fashion_mnist::folder / "train-images-idx3-ubyte.gz",
        fashion_mnist::folder / "train-labels-idx1-ubyte.gz",
        fashion_mnist::classes);
    return all.slice(first, rows);
}

// The same garments by a telephone in poor light: little contrast, and grain.
data::Dataset<float> by_telephone(const data::Dataset<float>& set) {
    Rng rng(3);
    Array<float> x = 0.4F * set.x() + init::normal<float>(set.x().shape(), rng, 0.1);
    return {std::move(x), set.y(), set.classes()};
}

train::ErrorRates errors(const data::DatasetSplit<float>& raw, std::size_t epochs) {
    data::Normalizer<float> normalizer({.per_feature = false});
    normalizer.fit(raw.train);
    const auto train = normalizer.transform(raw.train);
    const auto train_dev = normalizer.transform(*raw.train_dev);
    const auto dev = normalizer.transform(*raw.dev);
    Rng rng(1);
    nn::Sequential net(
        nn::Dense(28 * 28, 64, rng), nn::Relu(), nn::Dense(64, fashion_mnist::classes, rng));
    train::fit(net, {train, train_dev}, {.epochs = epochs, .batch_size = 64});
    return {
        .train = train::evaluate(net, train).error,
        .dev = train::evaluate(net, dev).error,
        .train_dev = train::evaluate(net, train_dev).error,
        .train_rows = train.size(),
        .dev_rows = dev.size(),
        .train_dev_rows = train_dev.size()};
}

report::Series steps(const char* name, const train::ErrorRates& rates) {
    return {
        name,
        {1, 2, 3},
        {rates.train, *rates.train_dev, rates.dev},
        report::Series::Style::line_and_points};
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    for (const std::size_t rows : {178, 60'000, 1'000'000, 5'000'000})
        std::printf("%7zu rows: %s\n", rows, data::suggest_split(rows).reason.c_str());

    // Many images are there, but of another source than those that the model is for. Dev and test
    // are of the latter alone, train-dev is like train.
    const std::size_t many = lesson.quick() ? 6'000 : 20'000, few = many / 2;
    const auto catalogue = images(0, many);
    const auto telephone = by_telephone(images(many, few));
    const auto parts =
        data::split_elsewhere(catalogue, telephone, {.train_dev = 0.2, .stratify = true});
    const auto same = data::compare_distributions(*parts.dev, *parts.test);
    const auto other = data::compare_distributions(*parts.train_dev, *parts.dev);
    std::printf("\ndev and test: %s\n", same.text().c_str());
    std::printf("train-dev and dev: %s\n", other.text().c_str());

    const std::size_t epochs = lesson.quick() ? 5 : 10;
    const auto rates = errors(parts, epochs);
    const auto diagnosis = train::diagnose(rates);
    std::printf("%s\n", diagnosis.text().c_str());
    // Who has no train-dev part takes it for variance, and regularises in vain.
    const auto blind = train::diagnose({.train = rates.train, .dev = rates.dev});
    std::printf("without train-dev: %s\n\n", blind.verdict.c_str());

    // The remedy: some images of the right source among those to learn from.
    const auto mixed_parts = data::split_elsewhere(
        catalogue, telephone, {.dev = 0.25, .test = 0.25, .train_dev = 0.2, .stratify = true});
    const auto mixed_rates = errors(mixed_parts, epochs);
    const auto mixed = train::diagnose(mixed_rates);
    std::printf("with such images in train: %s\n", mixed.text().c_str());

    // The guards. A copy of a dev row among the training rows:
    const auto clean = data::find_duplicates(parts);
    auto leaky = parts;
    Array<float> x = parts.train.x();
    std::copy_n(parts.dev->x().data(), 28 * 28, x.data());
    leaky.train =
        data::Dataset<float>(x, parts.train.y(), fashion_mnist::classes).as(data::Part::train);
    const auto leak = data::find_duplicates(leaky);
    std::printf("%s\n", leak.text().c_str());
    // Figures of other rows than train's:
    std::string refusal;
    try {
        data::Normalizer<float> normalizer;
        normalizer.fit(*parts.dev);
    } catch (const std::invalid_argument& error) {
        refusal = error.what();
    }
    std::printf("%s\n", refusal.c_str());
    // A second look at the test set:
    std::string warning;
    set_warning_handler([&](const std::string& text) { warning = text; });
    data::TestSet<float> test(*parts.test);
    static_cast<void>(test.look("the final score"));
    lesson.check(warning.empty(), "one look at the test set is free");
    static_cast<void>(test.look("another try"));
    std::printf("%s\n", warning.c_str());
    set_warning_handler({});

    lesson.picture(
        "12_split_and_mismatch",
        report::svg_file(
            {{.title = "Where the error comes from",
              .x_label = "1 train, 2 train-dev, 3 dev",
              .y_label = "error",
              .series =
                  {steps("dev from elsewhere", rates),
                   steps("such images in train", mixed_rates)}}},
            1));
    lesson.check(!same.differ() && other.differ(), "dev is like test, and unlike train-dev");
    lesson.check(
        diagnosis.verdict.ends_with("data mismatch") && !diagnosis.high_variance,
        "train-dev shows that it is mismatch");
    lesson.check(blind.high_variance, "without it, it looks like variance");
    lesson.check(
        *mixed.mismatch < *diagnosis.mismatch / 2, "such images in train more than halve it");
    lesson.check(!clean.found() && leak.found(), "the copied row is found, and no other");
    lesson.check(!refusal.empty(), "a normaliser does not take dev rows");
    lesson.check(!warning.empty(), "the second look is reported");
    return lesson.end();
}
