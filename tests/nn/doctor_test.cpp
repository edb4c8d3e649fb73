#include <nn/doctor.hpp>
#include <nn/nn.hpp>
#include <tests/support.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::train;
using Net = nn::Sequential<float>;
using Data = FitData<float>;
using Options = DoctorOptions<float>;
using xgrad::test::text_of_error;

namespace {

using Label = std::function<std::int64_t(const float* row, Rng& rng)>;

data::Dataset<float> rows_of(std::size_t rows, std::size_t features, Rng& rng, const Label& label) {
    const Array<float> x = init::normal<float>({rows, features}, rng);
    data::Labels y;
    for (std::size_t i = 0; i < rows; ++i)
        y.push_back(label(x.data() + i * features, rng));
    return {x, y, 2};
}

Data data_of(std::size_t train, std::size_t dev, std::size_t features, const Label& label) {
    Rng rng(11);
    const auto rows = rows_of(train, features, rng, label);
    return {rows, rows_of(dev, features, rng, label)};
}

std::int64_t easy(const float* row, Rng&) { return row[0] + row[1] > 0; }

Data easy_data() { return data_of(1500, 1000, 8, easy); }

Net network(
    std::size_t in, std::vector<std::size_t> hidden, const init::Initializer<float>& w = {}) {
    Rng rng(5);
    Net net;
    for (const std::size_t width : hidden) {
        net.add(nn::Dense<float>(in, width, rng, true, w)).add(nn::Relu<float>());
        in = width;
    }
    net.add(nn::Dense<float>(in, 2, rng, true, w));
    return net;
}

Options training(std::size_t epochs) {
    Options options;
    options.fit.epochs = epochs;
    options.fit.batch_size = 32;
    options.fit.lr = 0.01;
    return options;
}

// The check of the first problem, and what is to be done.
void check_problem(const DoctorReport& report, const std::string& check, const std::string& next) {
    INFO(report.text());
    const auto problem =
        std::find_if(report.findings.begin(), report.findings.end(), [](const Finding& f) {
            return f.state == Finding::State::problem;
        });
    REQUIRE(problem != report.findings.end());
    CHECK_FALSE(report.healthy());
    CHECK(problem->check == check);
    CHECK(problem->evidence.find_first_of("0123456789") != std::string::npos);
    CHECK(report.next_step == problem->advice);
    CHECK(report.next_step.starts_with(next));
    CHECK(report.text().ends_with("\n"));
    CHECK(report.text().find("\nnext: " + next.substr(0, 20)) != std::string::npos);
}

Array<float> scaled(const Array<float>& x, float factor, float shift) {
    Array<float> y = x;
    for (std::size_t i = 0; i < y.size(); ++i)
        y.data()[i] = y.data()[i] * factor + shift;
    return y;
}

}  // namespace

TEST_CASE("doctor: a healthy set-up gets a clean bill, and nothing of the model changes") {
    const Net net = network(8, {32});
    const auto before = net.state_dict();
    const DoctorReport report = doctor<float>(net, easy_data(), training(20));
    INFO(report.text());
    CHECK(report.healthy());
    CHECK(report.next_step == "nothing is wrong that these checks see: score the test set, once");
    std::vector<std::string> checks;
    for (const Finding& finding : report.findings)
        checks.push_back(finding.check);
    CHECK(
        checks == std::vector<std::string>{
                      "leak",
                      "inputs",
                      "distributions",
                      "classes",
                      "initial scale",
                      "layers",
                      "first loss",
                      "few rows",
                      "training",
                      "errors",
                      "diagnosis",
                      "layers after",
                      "sparsity"});
    CHECK(net.state_dict() == before);
    CHECK(net.is_training());
    REQUIRE(report.diagnosis.has_value());
    CHECK(report.diagnosis->verdict == "low bias, low variance");
    CHECK(report.layers->layers.size() == 3);
    CHECK(report.sparsity->parameters.size() == 4);
    // The same again.
    const auto without_times = [](std::string text) {
        const std::size_t at = text.find("good     training ");  // it ends with seconds
        const std::size_t next = text.find("good     errors ");
        REQUIRE(at < next);
        return text.erase(at, next - at);
    };
    CHECK(
        without_times(doctor<float>(net, easy_data(), training(20)).text()) ==
        without_times(report.text()));
}

TEST_CASE("doctor: the page has at most 60 lines of at most 100 characters") {
    Options options = training(2);
    options.gradient_check = [](nn::Module<float>&, const data::Batch<float>&) {
        std::string long_text = "1 of 2 gradients differs ";
        for (int i = 0; i < 3000; ++i)
            long_text += "word ";
        return long_text + std::string(300, 'x');
    };
    const DoctorReport report = doctor<float>(network(8, {32}), easy_data(), options);
    check_problem(report, "gradients", "mend the rule of the op or layer that the check names");
    std::istringstream page(report.text());
    std::size_t lines = 0;
    for (std::string line; std::getline(page, line); ++lines)
        CHECK(line.size() <= 100);
    CHECK(lines == 60);
}

TEST_CASE("doctor finds dev rows among the training rows") {
    Data data = easy_data();
    Array<float> x = data.dev->x();
    std::copy_n(data.train.x().data(), 30 * 8, x.data());
    data.dev = data::Dataset<float>(x, data.dev->y(), 2);
    const DoctorReport report = doctor<float>(network(8, {32}), data, training(2));
    check_problem(report, "leak", "remove the rows that dev shares with train");
    CHECK(
        report.findings[0].evidence ==
        "30 of 1000 dev rows are training rows, so that the dev error tells too little");
}

TEST_CASE("doctor finds inputs that are not normalised, and those that are not numbers") {
    const Data data = easy_data();
    const auto with = [&](Array<float> x) {
        return Data{data::Dataset<float>(std::move(x), data.train.y(), 2), data.dev};
    };
    const Net net = network(8, {32});
    const std::string normalise = "normalise the inputs to mean 0 and deviation 1";
    check_problem(
        doctor<float>(net, with(scaled(data.train.x(), 60, 120)), training(2)),
        "inputs",
        normalise);
    check_problem(
        doctor<float>(net, with(scaled(data.train.x(), 1, 50)), training(2)), "inputs", normalise);
    Array<float> uneven = data.train.x();
    for (std::size_t i = 0; i < uneven.size(); i += 8)
        uneven.data()[i] *= 1e-3F;
    check_problem(doctor<float>(net, with(uneven), training(2)), "inputs", normalise);
    Array<float> bad = data.train.x();
    bad.data()[17] = std::nanf("");
    check_problem(
        doctor<float>(net, with(bad), training(2)),
        "inputs",
        "remove or fill in what is not finite");
}

TEST_CASE("doctor finds dev rows and targets that are not numbers") {
    Data data = easy_data();
    Array<float> x = data.dev->x();
    x.data()[17] = INFINITY;
    data.dev = data::Dataset<float>(x, data.dev->y(), 2);
    const std::string fill = "remove or fill in what is not finite";
    const DoctorReport of_x = doctor<float>(network(8, {32}), data, training(2));
    check_problem(of_x, "inputs", fill);
    CHECK(
        of_x.findings[1].evidence ==
        "0 of 12000 numbers in train and 1 of 8000 in dev are NaN or infinite");
    Rng rng(3);
    for (const bool in_dev : {false, true}) {
        const auto rows = [&](bool bad) {
            Array<float> targets = init::normal<float>({100, 2}, rng);
            targets.data()[5] = bad ? std::nanf("") : 0;
            return data::Dataset<float>(init::normal<float>({100, 8}, rng), targets);
        };
        const DoctorReport report =
            doctor<float>(network(8, {32}), {rows(!in_dev), rows(in_dev)}, training(2));
        check_problem(report, "targets", fill);
    }
}

TEST_CASE("doctor notes dev rows of another distribution, until there is a train-dev part") {
    Data data = easy_data();
    data.dev = data::Dataset<float>(scaled(data.dev->x(), 1, 0.5F), data.dev->y(), 2);
    Options options = training(20);
    const DoctorReport report = doctor<float>(network(8, {32}), data, options);
    INFO(report.text());
    REQUIRE(report.findings[2].check == "distributions");
    CHECK(report.findings[2].state == Finding::State::note);
    CHECK(report.findings[2].evidence.starts_with("train and dev: 8 of 8 features differ"));
    CHECK(report.findings[2].advice.starts_with("a train-dev part"));
    options.train_dev = easy_data().dev;
    CHECK(doctor<float>(network(8, {32}), data, options).findings[2].advice.empty());
}

TEST_CASE("doctor finds a class without training rows") {
    Data data = easy_data();
    data.train = data::Dataset<float>(data.train.x(), data::Labels(1500, 0), 2);
    check_problem(
        doctor<float>(network(8, {32}), data, training(2)),
        "classes",
        "split again, stratified by label");
}

TEST_CASE("doctor finds zero initialisation") {
    const auto zeros = [](const Shape& shape, Rng&) { return init::zeros<float>(shape); };
    check_problem(
        doctor<float>(network(8, {32, 16}, zeros), easy_data(), training(2)),
        "initial scale",
        "draw the weights at random: initialise with init::he_normal");
}

TEST_CASE("doctor finds dead units") {
    const Net net = network(8, {32});
    dynamic_cast<nn::Dense<float>&>(*net.children()[0].second)
        .bias.assign(init::constant<float>({32}, -50));
    const DoctorReport report = doctor<float>(net, easy_data(), training(2));
    check_problem(report, "layers", "revive the dead units");
    CHECK(report.layers->verdict() == "dead units: 1.Relu, 32 of 32 units are 0 for every row");
}

TEST_CASE("doctor finds 50 layers that explode, and 50 that vanish") {
    for (const double factor : {6., 0.5}) {
        const auto weight = [factor](const Shape& shape, Rng& rng) {
            return init::normal<float>(
                shape, rng, std::sqrt(factor / double(init::fans(shape).in)));
        };
        const Net net = network(8, std::vector<std::size_t>(50, 32), weight);
        const DoctorReport report = doctor<float>(net, easy_data(), training(2));
        check_problem(report, "layers", "initialise with init::he_normal");
        CHECK(report.layers->verdict().starts_with(factor > 1 ? "exploding: " : "vanishing: "));
    }
}

TEST_CASE("doctor finds shuffled labels") {
    const Label coin = [](const float*, Rng& rng) { return std::int64_t(rng.below(2)); };
    const DoctorReport report =
        doctor<float>(network(8, {64, 64}), data_of(200, 400, 8, coin), training(60));
    check_problem(report, "errors", "check the labels");
}

TEST_CASE("doctor finds a network that is too small") {
    // Four quadrants: nothing for a network without a hidden layer.
    const Label quadrants = [](const float* row, Rng&) {
        return std::int64_t((row[0] > 0) != (row[1] > 0));
    };
    check_problem(
        doctor<float>(network(2, {}), data_of(600, 400, 2, quadrants), training(20)),
        "few rows",
        "a bigger network");
    // 20 rows of 30 features are separable; a fifth of all rows is not.
    const Label bent = [](const float* row, Rng&) {
        return std::int64_t((row[0] > 0) != (row[1] > 0.8F));
    };
    const DoctorReport report =
        doctor<float>(network(30, {}), data_of(3000, 2000, 30, bent), training(10));
    check_problem(report, "diagnosis", "a bigger network");
    CHECK(report.diagnosis->high_bias);
}

TEST_CASE("doctor finds a network that overfits") {
    const Label noisy = [](const float* row, Rng& rng) {
        return std::int64_t((row[0] + row[1] > 0) != (rng.uniform() < 0.1));
    };
    const DoctorReport report =
        doctor<float>(network(30, {64}), data_of(150, 600, 30, noisy), training(60));
    check_problem(report, "diagnosis", "more data");
    CHECK(report.diagnosis->verdict == "high variance (overfits)");
}

TEST_CASE("doctor: too few dev rows are a doubt, and what is next is to have more") {
    const DoctorReport report =
        doctor<float>(network(8, {32}), data_of(600, 30, 8, easy), training(20));
    INFO(report.text());
    CHECK(report.healthy());
    CHECK(report.next_step.starts_with("more rows to measure on: "));
}

TEST_CASE("doctor finds training that diverges") {
    Options options = training(3);
    options.fit.optimizer = [](nn::Module<float>& model) {
        return std::make_unique<optim::SGD<float>>(
            model.parameters(), optim::SGDOptions{.lr = 1e20});
    };
    check_problem(
        doctor<float>(network(8, {32}), easy_data(), options), "training", "a lower learning rate");
}

TEST_CASE("doctor judges a trained model as it is, and leaves out what only a new one is asked") {
    Net net = network(8, {32});
    static_cast<void>(fit<float>(net, easy_data(), training(20).fit));
    Options options = training(1);
    options.trained = true;
    const DoctorReport report = doctor<float>(net, easy_data(), options);
    INFO(report.text());
    CHECK(report.healthy());
    CHECK(report.findings.size() == 8);
    CHECK(report.diagnosis->verdict == "low bias, low variance");
}

TEST_CASE("doctor draws a learning curve when asked, and takes a train-dev set") {
    Options options = training(10);
    options.learning_curve = true;
    options.train_dev = easy_data().dev;
    const DoctorReport report =
        doctor<float>(network(8, {16}), data_of(320, 400, 8, easy), options);
    REQUIRE(report.curve.has_value());
    REQUIRE(report.curve->points.size() == 5);
    CHECK(report.curve->points[0].rows == 20);
    CHECK(report.curve->points[0].errors.dev > report.curve->points[4].errors.dev);
    CHECK(report.diagnosis->mismatch.has_value());
    CHECK(report.findings.back().check == "curve");
}

TEST_CASE("doctor takes targets in place of labels, and says less") {
    Rng rng(3);
    const auto rows = [&](std::size_t n) {
        const Array<float> x = init::normal<float>({n, 4}, rng);
        Array<float> targets(Shape{n, 1});
        for (std::size_t i = 0; i < n; ++i)
            targets.data()[i] = x.data()[4 * i] - x.data()[4 * i + 1];
        return data::Dataset<float>(x, targets);
    };
    Net net(nn::Dense<float>(4, 32, rng), nn::Relu<float>(), nn::Dense<float>(32, 1, rng));
    const auto train = rows(300);
    const DoctorReport report = doctor<float>(net, {train, rows(100)}, training(5));
    INFO(report.text());
    CHECK(report.healthy());
    CHECK_FALSE(report.diagnosis.has_value());
}

// One score a row; fit() takes it with a loss of one's own.
nn::Sequential<float> one_score() {
    Rng rng(5);
    return nn::Sequential<float>(nn::Dense<float>(8, 1, rng));
}

Variable<float> one_score_loss(const Variable<float>& y, const data::Batch<float>& batch) {
    Array<float> labels = empty<float>({batch.y.size(), 1});
    std::copy(batch.y.begin(), batch.y.end(), labels.begin());
    return binary_cross_entropy_with_logits(y, Variable<float>(labels));
}

TEST_CASE("doctor: outputs that are no scores of classes have no errors to judge") {
    Options options = training(5);
    options.fit.loss = one_score_loss;
    options.learning_curve = true;
    const DoctorReport report = doctor<float>(one_score(), easy_data(), options);
    INFO(report.text());
    CHECK_FALSE(report.diagnosis.has_value());
    CHECK_FALSE(report.curve.has_value());
    CHECK(
        text_of_error<std::invalid_argument>([&] {
            static_cast<void>(
                learning_curve<float>(one_score(), easy_data(), options.fit, {.sizes = {100}}));
        }) ==
        "learning_curve: the model's outputs are no scores (rows, 2 classes), so there are no "
        "errors "
        "to count; pass a trial of your own");
}

// With a batch of all rows an epoch is a step, however few the rows.
TEST_CASE("learning_curve gives each part as many steps as all rows get") {
    FitOptions<float> fit{.epochs = 3, .batch_size = 1500};
    auto steps = std::make_shared<std::size_t>(0);
    fit.loss = [steps](const Variable<float>& y, const data::Batch<float>& batch) {
        *steps += grad_enabled();
        return cross_entropy(y, batch.y);
    };
    static_cast<void>(learning_curve<float>(network(8, {4}), easy_data(), fit, {.sizes = {100}}));
    CHECK(*steps == 3);
}

TEST_CASE("learning_curve refuses batches of no rows, as fit does") {
    const FitOptions<float> none{.epochs = 1, .batch_size = 0};
    CHECK(text_of_error<std::invalid_argument>([&] {
              static_cast<void>(learning_curve<float>(network(8, {4}), easy_data(), none));
          }) == "DataLoader: batch_size is 0; need at least 1");
}

TEST_CASE("doctor refuses no dev rows, test rows, and a batch of one row") {
    const Net net = network(8, {4});
    const auto refusal = [&](const Data& data, const Options& options) {
        return text_of_error<std::invalid_argument>(
            [&] { static_cast<void>(doctor<float>(net, data, options)); });
    };
    Data data = easy_data();
    Options one = training(1);
    one.rows = 1;
    CHECK(refusal(data, one) == "doctor: rows is 1; need at least 2");
    Options judged = training(1);
    judged.train_dev = data.dev->as(data::Part::test);
    CHECK(refusal(data, judged).starts_with("doctor: some rows are of the test part; need train"));
    data.dev = data.dev->as(data::Part::test);
    CHECK(
        refusal(data, training(1)) ==
        "doctor: some rows are of the test part; need train and dev, test judges in the end");
    data.dev.reset();
    CHECK(
        refusal(data, training(1)) ==
        "doctor: there are no dev rows; need some to measure errors on");
}
