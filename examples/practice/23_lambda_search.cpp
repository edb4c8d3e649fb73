// Choosing lambda (practice P6): a search over a logarithmic range of weight decay, judged on dev
// images alone. Too little overfits, too much underfits, and the best lies between. The test set is
// of a type that the search does not take; it is looked at once, at the end.
#include <examples/fashion_mnist.hpp>
#include <examples/practice/lesson.hpp>
#include <nn/search.hpp>
#include <nn/test_set.hpp>
#include <tools/report_plot.hpp>

#include <cstdio>

using namespace xgrad;

namespace {

// As P4 has it: (lambda / 2m) times the squares of the weights, added to the cost.
nn::Sequential<float> trained(
    double lambda, std::uint64_t seed, std::size_t epochs, const data::Dataset<float>& train) {
    Rng rng(seed);
    nn::Sequential net(
        nn::Dense(28 * 28, 64, rng), nn::Relu(), nn::Dense(64, fashion_mnist::classes, rng));
    optim::Adam adam(net.parameters(), {.lr = 2e-3});
    const data::DataLoader loader(train, {.batch_size = 50, .seed = seed});
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
        for (auto& [x, y] : loader.epoch(epoch)) {
            const auto penalty = optim::l2_penalty(net.parameters(), lambda, train.size());
            (cross_entropy(net(Variable<float>(std::move(x))), y) + penalty).backward();
            adam.step();
            adam.zero_grad();
        }
    }
    return net;
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    if (!fashion_mnist::installed())
        return fashion_mnist::say_missing();
    const auto sets = fashion_mnist::load({28 * 28}, false);
    // So few that regularisation matters.
    const auto train = sets.train.slice(0, lesson.quick() ? 500 : 2'000);
    data::TestSet<float> test(sets.test);
    const std::size_t epochs = lesson.quick() ? 20 : 40;

    search::Space space;
    space.log_uniform("lambda", 1e-2, 1e3);
    const auto result = search::search(
        space,
        [&](const search::Trial& trial) {
            auto net = trained(trial.value("lambda"), 1, epochs, train);
            return train::evaluate(net, sets.dev).error;
        },
        {.grid = lesson.quick() ? 6U : 16U, .parallel = 2, .progress = stdout});
    std::printf("%s\n", result.text().c_str());

    report::Series errors{"dev error", {}, {}, report::Series::Style::line_and_points};
    for (const auto& [lambda, error] : result.points("lambda")) {
        errors.x.push_back(lambda);
        errors.y.push_back(error);
    }
    const double best = std::get<double>(result.best_trial().values.at(0).second);
    auto net = trained(best, 1, epochs, train);
    const double error = train::evaluate(net, test.look("the score of the best lambda")).error;
    std::printf("lambda %.3g: error %.4f on test\n", best, error);

    lesson.picture(
        "23_lambda_search",
        report::svg_file(
            {{.title = "Dev error against lambda",
              .x_label = "lambda",
              .y_label = "error",
              .log_x = true,
              .series = {errors},
              .vertical = {{best, "best"}}}},
            1));
    const double dev = result.best_trial().error;
    lesson.check(dev < errors.y.back() - 0.05, "far too much costs more than five points");
    lesson.check(best < 100, "the best is not among the largest");
    if (!lesson.quick())  // little is gained, and few rows do not show it
        lesson.check(best > errors.x.front(), "nor the smallest");
    lesson.check(test.looks() == 1, "the test set was looked at once");
    return lesson.end();
}
