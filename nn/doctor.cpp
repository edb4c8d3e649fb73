#include <autograd/fail.hpp>
#include <nn/dense.hpp>
#include <nn/doctor_data.hpp>
#include <nn/initial_scale.hpp>
#include <nn/rng.hpp>
#include <nn/sanity.hpp>
#include <nn/scoring.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace xgrad::train {
namespace {

using State = Finding::State;

// See order_stream in loader.cpp.
constexpr std::uint64_t doctor_stream = 0x646F63746F72;

template <class T>
void check(const FitData<T>& data, const DoctorOptions<T>& options) {
    if (!data.dev)
        fail<std::invalid_argument>(
            "doctor: there are no dev rows; need some to measure errors on");
    const auto is_test = [](const data::Dataset<T>& set) { return set.part() == data::Part::test; };
    if (is_test(data.train) || is_test(*data.dev) ||
        (options.train_dev && is_test(*options.train_dev))) {
        fail<std::invalid_argument>(
            "doctor: some rows are of the test part; need train and dev, test judges in the end");
    }
    if (options.rows < 2)
        fail<std::invalid_argument>("doctor: rows is {}; need at least 2", options.rows);
}

template <class T>
data::Batch<T> batch_of(const data::Dataset<T>& train, const DoctorOptions<T>& options) {
    data::Rows order(train.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Rng(options.seed, doctor_stream).shuffle(order);
    order.resize(std::min(options.rows, order.size()));
    const data::Dataset<T> some = train.subset(order);
    return {some.x(), some.y(), some.targets()};
}

template <class T>
bool looks_up_inputs(nn::Module<T>& model) {
    bool found = false;
    model.apply([&](const std::string&, nn::Module<T>& module) {
        found = found || dynamic_cast<nn::Embedding<T>*>(&module) != nullptr;
    });
    return found;
}

std::string advice_for(LayerState state, const std::string& of_scale) {
    switch (state) {
        case LayerState::dead_units:
            return "revive the dead units: biases from 0, init::he_normal, a lower learning rate, "
                   "or nn::LeakyRelu in place of nn::Relu";
        case LayerState::saturated:
            return "smaller weights and normalised inputs: init::xavier_normal, a lower learning "
                   "rate";
        default: break;
    }
    return of_scale.empty() ? "normalisation layers, or init::he_normal for relu and "
                              "init::xavier_normal for tanh"
                            : of_scale;
}

// The examination of one model: findings are added stage by stage.
template <class T>
class Examination {
public:
    Examination(const nn::Module<T>& model, const FitData<T>& data, const DoctorOptions<T>& options)
        : model_(model.clone()),
          data_(data),
          options_(options),
          batch_(batch_of(data.train, options)) {
        report_.subject = fmt::format(
            "{} with {} parameters; {} training rows, {} dev rows, {}",
            model.describe(),
            model.parameter_count(),
            data.train.size(),
            data.dev->size(),
            data.train.classes() > 0 ? fmt::format("{} classes", data.train.classes())
                                     : std::string("targets"));
    }

    DoctorReport run() {
        for (Finding& finding :
             data_findings(data_, looks_up_inputs(*model_), options_.train_dev.has_value()))
            report_.findings.push_back(std::move(finding));
        if (report_.healthy())
            look_at_start();
        if (report_.healthy())
            look_at_learning();
        conclude();
        return std::move(report_);
    }

private:
    void add(State state, const char* check, std::string evidence, std::string advice = "") {
        report_.findings.push_back({state, check, std::move(evidence), std::move(advice)});
    }
    void add(bool passed, const char* check, std::string evidence, std::string advice) {
        add(passed ? State::good : State::problem,
            check,
            std::move(evidence),
            passed ? "" : std::move(advice));
    }

    [[nodiscard]] std::function<Variable<T>(const Variable<T>&)> loss() const {
        return [this](const Variable<T>& output) {
            return detail::loss_of(options_.fit.loss, output, batch_);
        };
    }

    void look_at_start();
    void look_at_layers();
    void look_at_learning();
    void look_at_errors(nn::Module<T>& trained);
    void look_at_trained(nn::Module<T>& trained);
    void conclude();

    std::shared_ptr<nn::Module<T>> model_;
    const FitData<T>& data_;
    const DoctorOptions<T>& options_;
    data::Batch<T> batch_;
    DoctorReport report_;
};

template <class T>
void Examination<T>::look_at_layers() {
    report_.layers = layer_report<T>(*model_, batch_.x, loss());
    const LayerReport& layers = *report_.layers;
    const std::string of_layers = fmt::format(
        "{} layers, signal {:.2g} and gradient {:.2g} of the rms at their start",
        layers.layers.size(),
        layers.forward_ratio(),
        layers.backward_ratio());
    std::string advice;
    if (!options_.trained) {
        const InitialScale scale = initial_scale<T>(*model_, batch_.x, loss());
        const bool symmetric = scale.state == InitialScale::State::symmetric;
        advice = scale.advice;
        // What is dead or saturated has lost its scale for that reason.
        if (symmetric || !layers.worst)
            add(scale.state == InitialScale::State::good,
                "initial scale",
                fmt::format(
                    "signal {:.2g}, gradient {:.2g}; {}",
                    scale.forward,
                    scale.backward,
                    scale.verdict),
                (symmetric ? "draw the weights at random: " : "") + scale.advice);
        if (symmetric)
            return;
    }
    if (layers.worst) {
        add(State::problem,
            "layers",
            layers.verdict(),
            advice_for(layers.layers[*layers.worst].state, advice));
    } else {
        add(State::good, "layers", of_layers);
    }
}

template <class T>
void Examination<T>::look_at_start() {
    look_at_layers();
    if (!options_.trained && !options_.fit.loss && report_.healthy()) {
        const ChanceResult chance = loss_at_chance(*model_, data_.train, {.seed = options_.seed});
        // Scores that are too large cost some epochs; an answer among the inputs costs the result.
        if (chance.passed)
            add(State::good, "first loss", chance.text);
        else if (chance.loss < chance.low)
            add(State::problem,
                "first loss",
                chance.text,
                "see whether the answer is among the inputs, or pass trained = true");
        else
            add(State::note,
                "first loss",
                chance.text,
                "a smaller last layer, so that the first scores are near 0");
    }
    if (options_.gradient_check) {
        const std::string fault = options_.gradient_check(*model_->clone(), batch_);
        add(fault.empty(),
            "gradients",
            fault.empty() ? "agree with differences" : fault,
            "mend the rule of the op or layer that the check names");
    }
    if (!options_.trained && report_.healthy()) {
        OverfitOptions<T> overfit;
        overfit.seed = options_.seed;
        overfit.loss = options_.fit.loss;
        const OverfitResult result = overfit_batch(*model_, data_.train, overfit);
        add(result.passed,
            "few rows",
            result.text,
            "a bigger network; where it is large enough, a fault in loss, gradients or labels");
    }
}

template <class T>
void Examination<T>::look_at_learning() {
    const auto trained = model_->clone();
    if (!options_.trained) {
        FitOptions<T> how = options_.fit;
        how.checkpoint.clear();
        how.progress = nullptr;
        how.handle_interrupt = false;
        try {
            const FitResult result = fit(*trained, data_, how);
            add(State::good, "training", result.text());
        } catch (const NonFiniteError& error) {
            add(State::problem, "training", error.what(), "a lower learning rate, or clip_norm");
            return;
        }
    }
    if (data_.train.classes() > 0)
        look_at_errors(*trained);
    look_at_trained(*trained);
}

template <class T>
void Examination<T>::look_at_errors(nn::Module<T>& trained) {
    const auto score = [&](const data::Dataset<T>& rows) {
        return detail::score(trained, rows, options_.fit.loss, false);
    };
    const auto train = score(data_.train);
    if (!train.counts)
        return;
    ErrorRates rates{
        .train = train.evaluation.error,
        .dev = score(*data_.dev).evaluation.error,
        .optimal = options_.optimal,
        .train_rows = data_.train.size(),
        .dev_rows = data_.dev->size()};
    if (options_.train_dev) {
        rates.train_dev = score(*options_.train_dev).evaluation.error;
        rates.train_dev_rows = options_.train_dev->size();
    }
    const double guessing = guessing_error(data_.train, *data_.dev);
    const Interval band =
        wilson_interval({rates.dev, rates.dev_rows}, options_.diagnosis.confidence);
    add(band.high < guessing,
        "errors",
        fmt::format(
            "train {:.1f} %, dev {:.1f} % (band {:.1f} to {:.1f} %), guessing {:.1f} %",
            100 * rates.train,
            100 * rates.dev,
            100 * band.low,
            100 * band.high,
            100 * guessing),
        "check the labels, by eye, on a few rows: what was learnt from train is worth no more on "
        "dev than guessing");
    report_.diagnosis = diagnose(rates, options_.diagnosis);
    const Diagnosis& d = *report_.diagnosis;
    const bool sure = std::any_of(
        d.gaps.begin(), d.gaps.end(), [](const Gap& gap) { return gap.level == Level::high; });
    const State state = sure ? State::problem : d.steps.empty() ? State::good : State::note;
    std::string evidence = d.verdict;
    for (const Gap& gap : d.gaps) {
        evidence += fmt::format(
            "; {} {:.1f} % ({:.1f} to {:.1f} %)",
            gap.name,
            100 * gap.value,
            100 * gap.band.low,
            100 * gap.band.high);
    }
    add(state, "diagnosis", evidence, d.steps.empty() ? "" : d.steps.front());
}

template <class T>
void Examination<T>::look_at_trained(nn::Module<T>& trained) {
    if (!options_.trained) {
        const LayerReport after = layer_report<T>(trained, batch_.x, loss());
        add(after.worst ? State::note : State::good, "layers after", after.verdict());
    }
    report_.sparsity = sparsity(trained);
    add(State::good,
        "sparsity",
        fmt::format(
            "{:.1f} % of the weights are 0, {:.1f} % near 0",
            100 * report_.sparsity->weights.zero_share(),
            100 * report_.sparsity->weights.near_zero_share()));
    if (!options_.learning_curve || !report_.diagnosis)
        return;
    LearningCurveOptions how;
    how.seed = options_.seed;
    how.high = options_.diagnosis.high;
    how.optimal = options_.optimal;
    report_.curve = learning_curve(*model_, data_, options_.fit, how);
    add(report_.curve->reading == LearningCurve::Reading::good ? State::good : State::note,
        "curve",
        report_.curve->verdict);
}

template <class T>
void Examination<T>::conclude() {
    for (const State state : {State::problem, State::note}) {
        for (const Finding& finding : report_.findings) {
            if (finding.state == state && !finding.advice.empty()) {
                report_.next_step = finding.advice;
                return;
            }
        }
    }
    report_.next_step = "nothing is wrong that these checks see: score the test set, once";
}

// The words in lines of at most `width`, all but the first indented.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
    std::string lines, line;
    std::size_t from = 0;
    while (from < text.size()) {
        const std::size_t space = std::min(text.find(' ', from), text.size());
        const std::string word = text.substr(from, space - from).substr(0, width - indent);
        if (!line.empty() && line.size() + 1 + word.size() > width) {
            lines += line + "\n";
            line = std::string(indent, ' ') + word;
        } else {
            line += (from == 0 ? "" : " ") + word;
        }
        from = space + 1;
    }
    return lines + line + "\n";
}

}  // namespace

bool DoctorReport::healthy() const noexcept {
    return std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.state == State::problem;
    });
}

std::string DoctorReport::text() const {
    constexpr std::size_t width = 100, most = 60;
    std::string page = wrapped(subject, width, 2);
    for (const Finding& finding : findings) {
        const char* states[] = {"good", "note", "PROBLEM"};
        page += wrapped(
            fmt::format(
                "{:<8} {:<14} {}",
                states[static_cast<std::size_t>(finding.state)],
                finding.check,
                finding.evidence),
            width,
            24);
    }
    const std::string last = wrapped("next: " + next_step, width, 6);
    // Evidence from outside, such as a gradient check's, may be long: the end stays.
    const auto lines = [](const std::string& s) {
        return static_cast<std::size_t>(std::count(s.begin(), s.end(), '\n'));
    };
    while (lines(page) + lines(last) > most)
        page.erase(page.rfind('\n', page.size() - 2) + 1);
    return page + last;
}

template <class T>
DoctorReport doctor(
    const nn::Module<T>& model, const FitData<T>& data, const DoctorOptions<T>& options) {
    check(data, options);
    return Examination<T>(model, data, options).run();
}

template DoctorReport doctor(
    const nn::Module<float>&, const FitData<float>&, const DoctorOptions<float>&);
template DoctorReport doctor(
    const nn::Module<double>&, const FitData<double>&, const DoctorOptions<double>&);

}  // namespace xgrad::train
