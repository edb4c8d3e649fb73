#include <autograd/fail.hpp>
#include <nn/serialize.hpp>
#include <tools/demo_checks.hpp>
#include <tools/gradcheck.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <sstream>

namespace xgrad::demo {
namespace {

constexpr const char* normalizer_prefix = "normalizer.";

Array<double> to_double(const Array<float>& from) {
    auto to = empty<double>(from.shape());
    std::copy(from.data(), from.data() + from.size(), to.data());
    return to;
}

double norm_ratio(const Array<float>& a, const Array<double>& b) {
    double difference = 0, norm_a = 0, norm_b = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        const double x = a.data()[i], y = b.data()[i];
        difference += (x - y) * (x - y);
        norm_a += x * x;
        norm_b += y * y;
    }
    const double sum = std::sqrt(norm_a) + std::sqrt(norm_b);
    return sum == 0 ? 0 : std::sqrt(difference) / sum;
}

// A network with these weights whose loss is a function: every forward has the same masks.
template <class T>
nn::Sequential<T> frozen_network(
    const nn::StateDict<T>& state, std::size_t features, const Settings& settings) {
    auto net = build_network<T>(features, settings);
    net.load_state_dict(state);
    net.freeze_noise();
    return net;
}

}  // namespace

ModelCheck check_gradients(
    const nn::StateDict<float>& state, const Data& data, const Settings& settings) {
    nn::StateDict<double> exact;
    for (const auto& [name, value] : state)
        exact.emplace(name, to_double(value));
    auto net = frozen_network<double>(exact, data.features(), settings);
    auto float_net = frozen_network<float>(state, data.features(), settings);

    const auto few = data.train.slice(0, std::min<std::size_t>(16, data.train.size()));
    const Variable<double> x(to_double(few.x()));

    NamedVariables named;
    for (const nn::Parameter<double>& parameter : net.parameters())
        named.emplace_back(parameter.name, parameter.value);
    const GradcheckReport report = gradcheck(
        [&] { return cross_entropy(net(x), few.y()); },
        named,
        {.seed = settings.seed, .max_elements = 60});

    cross_entropy(net(x), few.y()).backward();
    cross_entropy(float_net(Variable<float>(few.x())), few.y()).backward();
    const auto float_parameters = float_net.parameters();
    const GradcheckOrder& first = report.orders.at(0);
    ModelCheck check{report.ok(), first.norm_ratio, {}, report.to_string()};
    for (std::size_t i = 0; i < named.size(); ++i) {
        const GradcheckInput& input = first.inputs.at(i);
        check.parameters.push_back(
            {input.name,
             input.shape,
             input.checked,
             input.norm_ratio,
             input.worst.relative,
             norm_ratio(float_parameters[i].value.grad(), named[i].second.grad())});
    }
    return check;
}

void save_model(
    const std::filesystem::path& path,
    const nn::Sequential<float>& net,
    const data::Normalizer<float>& normalizer,
    const Settings& settings) {
    nn::StateDict<float> state = net.state_dict();
    for (const auto& [name, value] : normalizer.state())
        state.emplace(normalizer_prefix + name, value);
    const std::map<std::string, std::string> metadata = {
        {"program", "xgrad demo"},
        {"hidden", fmt::format("{}", fmt::join(settings.hidden, ","))},
        {"keep_prob", fmt::format("{}", settings.keep_prob)},
        {"weight_decay", fmt::format("{}", settings.weight_decay)},
        {"lr", fmt::format("{}", settings.lr)},
        {"batch", fmt::format("{}", settings.batch)},
        {"epochs", fmt::format("{}", settings.epochs)},
        {"seed", fmt::format("{}", settings.seed)}};
    nn::save(path, state, metadata);
}

Model load_model(const std::filesystem::path& path) {
    std::map<std::string, std::string> metadata;
    nn::StateDict<float> weights = nn::load<float>(path, &metadata);
    data::Normalizer<float>::State figures;
    for (auto at = weights.begin(); at != weights.end();) {
        if (!at->first.starts_with(normalizer_prefix)) {
            ++at;
            continue;
        }
        const std::string name =
            at->first.substr(std::char_traits<char>::length(normalizer_prefix));
        figures.emplace(name, std::move(at->second));
        at = weights.erase(at);
    }
    try {
        Settings settings;
        settings.keep_prob = std::stod(metadata.at("keep_prob"));
        settings.hidden.clear();
        std::istringstream widths(metadata.at("hidden"));
        for (std::string width; std::getline(widths, width, ',');)
            settings.hidden.push_back(std::stoul(width));
        const std::size_t features = weights.at("0.weight").shape().at(1);
        Model model{build_network<float>(features, settings), data::Normalizer<float>()};
        model.net.load_state_dict(weights);
        model.normalizer.load_state(figures);
        return model;
    } catch (const std::exception& error) {
        fail<IoError>(
            "load_model: \"{}\" does not describe its network ({}); need a file that the demo "
            "wrote",
            path.string(),
            error.what());
    }
}

}  // namespace xgrad::demo
