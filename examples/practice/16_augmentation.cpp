// Augmentation (practice P8): few images, new in every epoch by mirroring and moving them, against
// the same few as they are, and against more of them. All images of this data lie in the same
// place, so that on dev as it is little changes; on dev images that lie a little elsewhere much
// does. Only training images are augmented.
#include <autograd/parallel.hpp>
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>
#include <nn/augment.hpp>
#include <tools/contact_sheet.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <optional>

using namespace xgrad;

namespace {

constexpr std::size_t side = 28;

// Two times the same dev rows: as they are, and moved.
struct Dev {
    data::Dataset<float> plain, moved;
};

struct Errors {
    report::Series plain, moved;  // on dev, over steps
};

Errors learn(
    const std::string& name,
    const data::Dataset<float>& train,
    const Dev& dev,
    std::size_t steps,
    const std::optional<data::Augmentation<float>>& augmentation = {}) {
    Rng rng(1);
    nn::Sequential net(
        nn::Dense(side * side, 256, rng), nn::Relu(), nn::Dense(256, fashion_mnist::classes, rng));
    optim::Adam adam(net.parameters(), {.lr = 1e-3});
    const data::DataLoader<float> loader(train, {.batch_size = 50}, augmentation);
    Errors errors{{name, {}, {}}, {name, {}, {}}};
    const std::size_t epochs = steps / loader.batches();  // as many steps for few rows as for many
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
        for (auto& [x, y] : loader.epoch(epoch)) {
            cross_entropy(net(Variable<float>(std::move(x))), y).backward();
            adam.step();
            adam.zero_grad();
        }
        if (epoch % 4 != 0 && epoch != epochs)
            continue;
        for (const auto& [series, set] :
             {std::pair{&errors.plain, &dev.plain}, {&errors.moved, &dev.moved}}) {
            series->x.push_back(static_cast<double>(epoch * loader.batches()));
            series->y.push_back(train::evaluate(net, *set).error);
        }
    }
    std::printf(
        "%-24s error %.3f on train, %.3f on dev, %.3f on dev, moved\n",
        name.c_str(),
        train::evaluate(net, train).error,
        errors.plain.y.back(),
        errors.moved.y.back());
    return errors;
}

// An SVG that holds the picture three times as large.
std::string enlarged(const report::Image& image) {
    const std::string size = "width=\"" + std::to_string(3 * image.width) + "\" height=\"" +
                             std::to_string(3 * image.height) + "\"";
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + "><title>" +
           report::escape(image.caption) + "</title><image " + size +
           " style=\"image-rendering: pixelated\" href=\"data:image/png;base64," +
           report::base64(report::png(image)) + "\"/></svg>\n";
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    set_num_threads(2);  // the result does not depend on it, not by a bit
    const auto sets = fashion_mnist::load({side * side}, lesson.quick());
    const std::size_t count = lesson.quick() ? 600 : 2000, steps = 2 * count;
    const auto few = sets.train.slice(0, count), more = sets.train.slice(0, 2 * count),
               judge = sets.train.slice(2 * count, 1500);

    // The border is black, in the units of the normalised images.
    const data::ImageOptions images{
        .height = side, .width = side, .border = *std::ranges::min_element(few.x())};
    data::Augmentation<float> augmentation(1, images), elsewhere(2, images);
    augmentation.flip().rotate(5).zoom(0.95, 1.05).shift(2);
    elsewhere.shift(3);
    data::Rows all(judge.size());
    std::iota(all.begin(), all.end(), 0);
    const Dev dev{judge, {elsewhere.apply(judge, all, 0).x, judge.y(), judge.classes()}};
    std::printf("%s\n", augmentation.text().c_str());

    const std::string n = std::to_string(count);
    const Errors plain = learn(n + " rows", few, dev, steps);
    const Errors changed = learn(n + " rows, augmented", few, dev, steps, augmentation);
    const Errors twice = learn(std::to_string(2 * count) + " rows", more, dev, steps);

    bool refused = false;
    try {
        augmentation.check(judge.as(data::Part::dev));
    } catch (const std::invalid_argument& error) {
        std::printf("%s\n", error.what());
        refused = true;
    }
    lesson.check(changed.plain.y.back() < plain.plain.y.back() + 0.04, "dev as it is loses little");
    lesson.check(
        changed.moved.y.back() < plain.moved.y.back() - 0.1, "dev that is moved gains much");
    lesson.check(
        changed.moved.y.back() < twice.moved.y.back() - 0.05, "more than by twice the rows");
    lesson.check(refused, "rows that judge are not augmented");
    lesson.picture(
        "16_augmentation",
        report::svg_file(
            {{.title = "error on dev",
              .x_label = "step",
              .y_label = "share of wrong rows",
              .series = {plain.plain, changed.plain, twice.plain}},
             {.title = "error on dev, moved by up to 3 pixels",
              .x_label = "step",
              .y_label = "share of wrong rows",
              .series = {plain.moved, changed.moved, twice.moved}}}));
    const auto [black, white] = std::ranges::minmax(few.x());
    lesson.picture(
        "16_contact_sheet",
        enlarged(report::contact_sheet(
            few, augmentation, {.gap = 2, .scale = 1, .black = black, .white = white})));
    return lesson.end();
}
