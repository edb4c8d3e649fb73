#include <autograd/error.hpp>
#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/checkpoint.hpp>
#include <nn/summary.hpp>
#include <ops/arithmetic.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <tests/nn/zoo_checks.hpp>
#include <tests/nn/zoo_values.hpp>
#include <tools/gradcheck.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

namespace xgrad::test {

namespace {

using Module = nn::Module<double>;
using V = Variable<double>;

struct Outcome {
    V y;
    std::map<std::string, Array<double>> gradients;  // "x" is the input's
};

Outcome run(Module& module, const V& x) {
    Outcome outcome{module(x), {}};
    std::vector<V> leaves;
    std::vector<std::string> names;
    for (const auto& parameter : module.parameters()) {
        names.push_back(parameter.name);
        leaves.push_back(parameter.value);
    }
    if (x.requires_grad()) {
        names.push_back("x");
        leaves.push_back(x);
    }
    if (leaves.empty() || !outcome.y.requires_grad())
        return outcome;
    const auto shares =
        grad(std::vector{sum(outcome.y * seed_of(outcome.y))}, leaves, {.allow_unused = true});
    for (std::size_t i = 0; i < shares.size(); ++i) {
        outcome.gradients.emplace(
            names[i],
            shares[i].defined() ? shares[i].value() : Array<double>(leaves[i].shape(), 0.0));
    }
    return outcome;
}

// Relative above 1, absolute below; infinite for other shapes.
double distance(const Array<double>& a, const Array<double>& b) {
    if (a.shape() != b.shape())
        return HUGE_VAL;
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double p = a.data()[i], q = b.data()[i];
        const double d = std::abs(p - q) / std::max({1.0, std::abs(p), std::abs(q)});
        worst = std::isnan(d) ? HUGE_VAL : std::max(worst, d);
    }
    return worst;
}

template <class T>
bool same_bits(const Array<T>& a, const Array<T>& b) {
    return a.shape() == b.shape() &&
           (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <class T>
bool same_bits(const nn::StateDict<T>& a, const nn::StateDict<T>& b) {
    return std::ranges::equal(a, b, [](const auto& p, const auto& q) {
        return p.first == q.first && same_bits(p.second, q.second);
    });
}

class Checker {
public:
    Checker(const ZooRow& row, ZooResult& result) : row_(row), result_(result) {}

    void gradients(bool training) {
        const auto module = fresh(row_, training);
        const V x = input_of(row_, row_.input);
        NamedVariables leaves;
        for (const auto& parameter : module->parameters())
            leaves.emplace_back(parameter.name, parameter.value);
        if (x.requires_grad())
            leaves.emplace_back("x", x);
        const V seed = seed_of((*module)(x));
        const GradcheckOptions options{.allow_zero = row_.from_zeros};
        const auto report =
            gradcheck(std::function<V()>([&] { return sum((*module)(x)*seed); }), leaves, options);
        for (const auto& order : report.orders)
            result_.gradient = std::max(result_.gradient, order.relative_error());
        if (!report.ok())
            fault(std::string("gradcheck in ") + mode(training) + ": " + report.to_string());
    }

    void against(const nlohmann::json& reference) {
        if (reference.is_null()) {
            if (row_.has_reference)
                fault("nn_modules.json has no values; add the row to make_modules.py");
            return;
        }
        result_.reference = 0;
        for (const bool training : {true, false}) {
            // What is the same in both modes is stored once.
            const auto& expected =
                reference.at(training || !reference.contains("eval") ? "train" : "eval");
            const auto module = fresh(row_, training);
            const Outcome got = run(*module, input_of(row_, row_.input));
            compare("y", got.y.value(), expected.at("y"), training);
            for (const auto& [name, gradient] : expected.at("gradients").items()) {
                if (got.gradients.contains(name)) {
                    compare(name, got.gradients.at(name), gradient, training);
                } else {
                    fault("there is no gradient of " + name);
                }
            }
            if (got.gradients.size() != expected.at("gradients").size())
                fault("PyTorch's module has other parameters");
            for (const auto& [name, value] : expected.at("buffers").items())
                compare(name, module->state_dict().at(name), value, training);
        }
    }

    // Weights and buffers, and where the noise stands: what follows is the same, to the bit.
    template <class T>
    void files() {
        const char* type = sizeof(T) == 4 ? "float" : "double";
        const auto module = fresh(row_, true)->template to<T>();
        module->freeze_noise(false);
        const Variable<T> x(Array<T>(xt::cast<T>(input_of(row_, row_.input).value())));
        static_cast<void>((*module)(x));
        Rng other(2);
        const auto loaded = row_.make(other)->template to<T>();
        const auto path = std::filesystem::temp_directory_path() /
                          fmt::format("xgrad-zoo-{}.safetensors", ::getpid());
        train::Checkpoint<T>().track("module", *module).save(path);
        train::Checkpoint<T>().track("module", *loaded).load(path);
        std::filesystem::remove(path);
        if (!same_bits(loaded->state_dict(), module->state_dict()))
            fault(fmt::format("a saved and loaded state of {} differs", type));
        for (const bool training : {true, false}) {
            loaded->train(training);
            module->train(training);
            if (!same_bits((*loaded)(x).value(), (*module)(x).value()))
                fault(fmt::format("once loaded, {}'s result in {} differs", type, mode(training)));
        }
        if (!same_bits(loaded->state_dict(), module->state_dict()))
            fault(fmt::format("once loaded, the state of {} runs apart", type));
    }

    void copies() {
        const V x = input_of(row_, row_.input);
        for (const bool training : {true, false}) {
            const auto module = fresh(row_, training);
            const auto copy = module->clone();
            const auto before = module->state_dict();
            if (typeid(*copy) != typeid(*module) || copy->describe() != module->describe())
                fault("the clone is " + copy->describe());
            if (!same_bits(copy->state_dict(), before))
                fault("the clone's state differs");
            if (!same_bits((*copy)(x).value(), fresh_result(training)))
                fault(std::string("the clone's result differs in ") + mode(training));
            for (const auto& parameter : copy->parameters()) {
                parameter.value.update([](std::span<double> values) {
                    for (double& value : values)
                        value += 1;
                });
            }
            if (!same_bits(module->state_dict(), before))
                fault("the clone shares values with the module");
        }
    }

    void single_precision() {
        for (const bool training : {true, false}) {
            const auto module = fresh(row_, training);
            const auto narrow = module->to<float>();
            const V x = input_of(row_, row_.input);
            const Outcome expected = run(*module, x);
            const Variable<float> xf(Array<float>(xt::cast<float>(x.value())), x.requires_grad());
            const Variable<float> y = (*narrow)(xf);
            result_.single =
                std::max(result_.single, distance(xt::cast<double>(y.value()), expected.y.value()));
            if (!y.requires_grad())
                continue;
            const Array<float> seed = xt::cast<float>(seed_of(expected.y).value());
            sum(y * seed).backward();
            for (const auto& parameter : narrow->parameters()) {
                const Array<float> g = parameter.value.has_grad()
                                           ? parameter.value.grad()
                                           : Array<float>(parameter.value.shape(), 0.0F);
                result_.single = std::max(
                    result_.single,
                    distance(xt::cast<double>(g), expected.gradients.at(parameter.name)));
            }
        }
        if (!(result_.single < 1e-4))
            fault(fmt::format("float and double differ by {}", result_.single));
    }

    void empty_batch() {
        Shape shape = row_.input;
        shape[0] = 0;
        for (const bool training : {true, false}) {
            std::string said;
            const auto module = fresh(row_, training);
            try {
                const V y = (*module)(input_of(row_, shape));
                if (y.size() != 0 || y.rank() != result_.output.size())
                    fault("an empty batch gives shape " + to_string(y.shape()));
            } catch (const std::invalid_argument& error) {
                said = error.what();
            }
            if (said != row_.empty_batch_error)
                fault("an empty batch says \"" + said + "\"");
        }
    }

    void summary() {
        const auto module = fresh(row_, true);
        const std::string text = nn::summary(*module, row_.input);
        for (const std::string& part :
             {module->describe(),
              to_string(result_.output),
              fmt::format("{}", module->parameter_count())}) {
            if (text.find(part) == std::string::npos)
                fault(part + " is not in the summary\n" + text);
        }
        if (!module->is_training())
            fault("the summary changed the mode");
    }

private:
    static const char* mode(bool training) { return training ? "training" : "evaluation"; }
    void fault(std::string text) { result_.faults.push_back(std::move(text)); }
    Array<double> fresh_result(bool training) {
        return (*fresh(row_, training))(input_of(row_, row_.input)).value();
    }
    void compare(
        const std::string& what,
        const Array<double>& got,
        const nlohmann::json& expected,
        bool training) {
        const double d = distance(got, array_of(expected));
        result_.reference = std::max(result_.reference, d);
        if (!(d <= 1e-10))
            fault(fmt::format("{} in {} differs from PyTorch's by {}", what, mode(training), d));
    }

    const ZooRow& row_;
    ZooResult& result_;
};

}  // namespace

ZooResult check_row(const ZooRow& row, const nlohmann::json& reference) {
    ZooResult result;
    Checker check(row, result);
    try {
        const auto module = fresh(row, false);
        result.describe = module->describe();
        result.parameters = module->parameter_count();
        result.output = (*module)(input_of(row, row.input)).shape();
        check.gradients(true);
        check.gradients(false);
        check.against(reference);
        check.files<float>();
        check.files<double>();
        check.copies();
        check.single_precision();
        check.empty_batch();
        check.summary();
    } catch (const std::exception& error) {
        result.faults.push_back(std::string("it throws: ") + error.what());
    }
    return result;
}

}  // namespace xgrad::test
