// The gradient check (practice P14) on a network whose backward pass is written by hand, as it
// stands in the books. Five mistakes are planted, one at a time: the check says in which layer,
// and whether in dW or in db.
#include <examples/practice/lesson.hpp>
#include <examples/practice/wine.hpp>
#include <nn/nn.hpp>
#include <tools/gradcheck_plain.hpp>
#include <tools/report_plot.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

using namespace xgrad;

namespace {

enum class Mistake { none, slope, one_row, no_decay, decayed_bias, new_masks };

constexpr std::array<const char*, 6> names = {"W1", "b1", "W2", "b2", "W3", "b3"};

// Three layers, 13 - 8 - 6 - 3, tanh between them, softmax at the end; J is the mean cross-entropy
// and (lambda / 2m) times the squares of the weights.
class Network {
public:
    Network(const Array<double>& x, const data::Labels& labels, Mistake mistake)
        : x_(x),
          y_(one_hot<double>(labels, wine::classes)),
          m_(static_cast<double>(labels.size())),
          mistake_(mistake) {}

    double cost(const PlainArrays& theta) {
        forward(theta);
        double squares = 0;
        for (std::size_t l = 0; l < 3; ++l)
            squares += sum(square(w_[l])).item();
        return -sum(y_ * log_softmax(z3_)).item() / m_ + lambda / (2 * m_) * squares;
    }

    PlainArrays gradient(const PlainArrays& theta) {
        forward(theta);
        const Variable<double> dz3 = (softmax(z3_) - y_) / m_;
        const Variable<double> dz2 = matmul(dz3, w_[2]) * mask_ * (1 - square(a2_));
        const Variable<double> da1 = matmul(dz2, w_[1]);
        const Variable<double> dz1 = da1 * (1 - (mistake_ == Mistake::slope ? a1_ : square(a1_)));
        PlainArrays g;
        add_layer(g, 0, dz1, x_);
        add_layer(g, 1, dz2, a1_);
        add_layer(g, 2, dz3, a2_ * mask_);
        return g;
    }

    static PlainArrays start() {
        Rng rng(2);
        PlainArrays theta;
        for (std::size_t l = 0; l < 3; ++l) {
            const auto w = init::lecun_normal<double>({width[l + 1], width[l]}, rng);
            theta.emplace_back(w.data(), w.data() + w.size());
            theta.emplace_back(width[l + 1], 0.0);
        }
        return theta;
    }

private:
    static constexpr std::array<std::size_t, 4> width = {wine::features, 8, 6, wine::classes};
    static constexpr double lambda = 2;

    void forward(const PlainArrays& theta) {
        for (std::size_t l = 0; l < 3; ++l) {
            auto w = empty<double>({width[l + 1], width[l]});
            auto b = empty<double>({width[l + 1]});
            std::copy(theta[2 * l].begin(), theta[2 * l].end(), w.data());
            std::copy(theta[2 * l + 1].begin(), theta[2 * l + 1].end(), b.data());
            w_[l] = w, b_[l] = b;
        }
        a1_ = tanh(linear(x_, w_[0], b_[0]));
        a2_ = tanh(linear(a1_, w_[1], b_[1]));
        mask_ = 1;
        if (mistake_ == Mistake::new_masks)  // dropout that nobody turned off
            mask_ = dropout(Variable<double>(a2_.value() * 0 + 1), 0.7, {1, ++forwards_});
        z3_ = linear(a2_ * mask_, w_[2], b_[2]);
    }

    // dW = dz^T a + (lambda / m) W, db = the sum of dz over the rows.
    void add_layer(
        PlainArrays& g, std::size_t l, const Variable<double>& dz, const Variable<double>& a) {
        Variable<double> dw = matmul(transpose(dz), a);
        if (!(mistake_ == Mistake::no_decay && l == 1))
            dw = dw + lambda / m_ * w_[l];
        Variable<double> db = sum(dz, {0});
        if (mistake_ == Mistake::one_row && l == 2)
            db = mean(dz, {0});
        if (mistake_ == Mistake::decayed_bias)
            db = db + lambda / m_ * b_[l];
        for (const Variable<double>& v : {dw, db})
            g.emplace_back(v.value().data(), v.value().data() + v.size());
    }

    Variable<double> x_, y_;
    double m_;
    Mistake mistake_;
    std::uint64_t forwards_ = 0;
    std::array<Variable<double>, 3> w_, b_;
    Variable<double> a1_, a2_, mask_, z3_;
};

struct Found {
    GradcheckReport report;
    std::string where;  // the parameters whose gradients are wrong
};

Found check(const data::Dataset<double>& data, Mistake mistake, const PlainArrays& theta) {
    Network network(data.x(), data.y(), mistake);
    Found found{
        gradcheck(
            [&](const PlainArrays& x) { return network.cost(x); },
            [&](const PlainArrays& x) { return network.gradient(x); },
            theta),
        ""};
    if (found.report.orders.empty())
        return found;
    const auto& inputs = found.report.orders[0].inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].off > 0)
            found.where.append(found.where.empty() ? "" : " ").append(names[i]);
    }
    return found;
}

// 0 has no place on a logarithmic axis.
report::Series ratios(const char* name, const GradcheckReport& report) {
    report::Series series{name, {}, {}, report::Series::Style::line_and_points};
    for (const GradcheckInput& input : report.orders[0].inputs) {
        series.x.push_back(static_cast<double>(series.x.size() + 1));
        series.y.push_back(std::max(input.norm_ratio, 1e-16));
    }
    return series;
}

// Plain gradient descent, by the gradient that is to be checked.
PlainArrays trained(const data::Dataset<double>& data, Mistake mistake, int steps) {
    Network network(data.x(), data.y(), mistake);
    PlainArrays theta = Network::start();
    for (int step = 0; step < steps; ++step) {
        const PlainArrays g = network.gradient(theta);
        for (std::size_t i = 0; i < theta.size(); ++i) {
            for (std::size_t k = 0; k < theta[i].size(); ++k)
                theta[i][k] -= 0.5 * g[i][k];
        }
    }
    return theta;
}

}  // namespace

int main(int argc, char** argv) {
    Lesson lesson(argc, argv);
    const auto table = wine::load();
    data::Normalizer<double> normalizer;
    normalizer.fit(table.x());
    const data::Dataset<double> data(normalizer.transform(table.x()), table.y(), wine::classes);

    struct Case {
        const char* text;
        Mistake mistake;
        const char* where;  // it must be found
    };
    const std::array<Case, 4> cases = {{
        {"none", Mistake::none, ""},
        {"layer 1: tanh' is 1 - a", Mistake::slope, "W1 b1"},
        {"layer 2: dW without the penalty", Mistake::no_decay, "W2"},
        {"layer 3: db is a mean, not a sum", Mistake::one_row, "b3"},
    }};
    report::Plot plot{
        .title = "Norm ratio of each parameter",
        .x_label = "W1, b1, W2, b2, W3, b3",
        .y_label = "ratio",
        .log_y = true,
        .horizontal = {{1e-7, "fine below"}, {1e-3, "worry above"}}};
    std::printf("%-34s %10s  %-22s %s\n", "mistake", "ratio", "which reads", "found in");
    std::vector<Found> found;
    for (const Case& c : cases) {
        found.push_back(check(data, c.mistake, Network::start()));
        const double ratio = found.back().report.orders[0].norm_ratio;
        std::printf(
            "%-34s %10.1e  %-22s %s\n",
            c.text,
            ratio,
            describe(norm_band(ratio)),
            found.back().where.c_str());
        plot.series.push_back(ratios(c.text, found.back().report));
    }

    // Biases start at 0, and there the penalty's share that they should not have is 0, too: so
    // check again after some steps.
    const auto before = check(data, Mistake::decayed_bias, Network::start());
    const auto after = check(data, Mistake::decayed_bias, trained(data, Mistake::decayed_bias, 50));
    std::printf(
        "%-34s %10.1e  at the start: %s\n%-34s %10.1e  after 50 steps: %s\n",
        "db with a penalty",
        before.report.orders[0].norm_ratio,
        before.where.empty() ? "nothing found" : before.where.c_str(),
        "",
        after.report.orders[0].norm_ratio,
        after.where.c_str());
    plot.series.push_back(ratios("db with a penalty, 50 steps", after.report));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const double ratio = found[i].report.orders[0].norm_ratio;
        lesson.check(i == 0 ? ratio < 1e-7 : ratio > 1e-3, std::string("ratio: ") + cases[i].text);
        lesson.check(found[i].where == cases[i].where, "found there and nowhere else");
    }
    lesson.check(before.report.ok(), "hidden while the biases are 0");
    lesson.check(after.where == "b1 b2 b3", "found after some steps");

    // With dropout on, J is another function at every call, and has no gradient to check.
    const auto masks = check(data, Mistake::new_masks, Network::start());
    const GradcheckFinding& finding = masks.report.findings.at(0);
    std::printf("dropout left on: %s\n", finding.text.c_str());
    lesson.check(finding.check == "determinism", "dropout is told from a wrong gradient");

    lesson.picture("22_gradient_check", report::svg_file({plot}, 1));
    return lesson.end();
}
