#include <nn/lbfgs.hpp>
#include <nn/line_search.hpp>
#include <nn/nonfinite.hpp>
#include <nn/optim_check.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::optim {
namespace {

template <class T>
double dot(const std::vector<T>& a, const std::vector<T>& b) {
    double total = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        total += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return total;
}

template <class T>
double largest(const std::vector<T>& a) {
    double most = 0;
    for (const T each : a)
        most = std::max(most, std::abs(static_cast<double>(each)));
    return most;
}

template <class T>
bool is_finite(const std::vector<T>& a) {
    return std::ranges::all_of(a, [](T each) { return std::isfinite(each); });
}

// a += factor b
template <class T>
void add(std::vector<T>& a, double factor, const std::vector<T>& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        a[i] += static_cast<T>(factor) * b[i];
}

void check_count(const char* name, std::size_t value) {
    if (value == 0)
        fail<std::invalid_argument>("LBFGS: {} is 0; need at least 1", name);
}

template <class T>
Array<T> as_array(const std::vector<T>& vector) {
    Array<T> array = empty<T>({vector.size()});
    std::copy(vector.begin(), vector.end(), array.data());
    return array;
}

}  // namespace

template <class T>
LBFGS<T>::LBFGS(std::vector<nn::Parameter<T>> parameters, const LBFGSOptions& options)
    : LearningRate("LBFGS", options.lr),
      parameters_(std::move(parameters)),
      options_(options) {
    if (parameters_.empty())
        fail<std::invalid_argument>("LBFGS: there are no parameters; pass module.parameters()");
    check_count("max_iterations", options.max_iterations);
    check_count("max_evaluations", options.max_evaluations);
    check_count("history", options.history);
    detail::check_rate("LBFGS", "tolerance_gradient", options.tolerance_gradient);
    detail::check_rate("LBFGS", "tolerance_change", options.tolerance_change);
    for (const auto& parameter : parameters_)
        size_ += parameter.value.size();
    direction_.resize(size_);
    gradient_.resize(size_);
}

template <class T>
void LBFGS<T>::zero_grad() const {
    for (const auto& parameter : parameters_)
        parameter.value.zero_grad();
}

// The loss at the weights as they are, and its gradient: 0 where none is asked for.
template <class T>
double LBFGS<T>::evaluate(const std::function<Variable<T>()>& loss, Vector& gradient) {
    zero_grad();
    const Variable<T> value = loss();
    value.backward();
    gradient.assign(size_, T(0));
    auto to = gradient.begin();
    for (const auto& parameter : parameters_) {
        if (parameter.value.requires_grad()) {
            if (!parameter.value.has_grad()) {
                fail<GraphError>(
                    "LBFGS: parameter \"{}\" has no gradient; the loss must depend on it, or "
                    "requires_grad(false) leave it out",
                    parameter.name);
            }
            std::copy_n(parameter.value.grad().data(), parameter.value.size(), to);
        }
        to += static_cast<std::ptrdiff_t>(parameter.value.size());
    }
    return static_cast<double>(value.item());
}

template <class T>
typename LBFGS<T>::Vector LBFGS<T>::weights() const {
    Vector all;
    for (const auto& parameter : parameters_) {
        const Array<T>& value = parameter.value.value();
        all.insert(all.end(), value.data(), value.data() + value.size());
    }
    return all;
}

// Nothing is added for t = 0, where the direction may be infinite.
template <class T>
void LBFGS<T>::set_weights(const Vector& from, const Vector& direction, double t) const {
    std::size_t at = 0;
    for (const auto& parameter : parameters_) {
        if (parameter.value.requires_grad()) {
            parameter.value.update([&](std::span<T> w) {
                for (std::size_t i = 0; i < w.size(); ++i) {
                    const T move = t == 0 ? T(0) : static_cast<T>(t) * direction[at + i];
                    w[i] = from[at + i] + move;
                }
            });
        }
        at += parameter.value.size();
    }
}

// The changes of the last iteration, and the scale y.s / y.y [equation 7.20].
template <class T>
void LBFGS<T>::remember(const Vector& gradient) {
    Pair pair{Vector(size_, T(0)), gradient};
    add(pair.s, length_, direction_);
    add(pair.y, -1, gradient_);
    const double curvature = dot(pair.y, pair.s);
    if (!(curvature > 1e-10))
        return;
    scale_ = curvature / dot(pair.y, pair.y);
    if (pairs_.size() == options_.history)
        pairs_.erase(pairs_.begin());
    pairs_.push_back(std::move(pair));
}

// direction = -H g: the two loops of algorithm 7.4.
template <class T>
void LBFGS<T>::aim(const Vector& gradient) {
    direction_.assign(size_, T(0));
    add(direction_, -1, gradient);
    std::vector<double> alpha(pairs_.size()), rho(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
        rho[i] = 1 / dot(pairs_[i].y, pairs_[i].s);
        alpha[i] = rho[i] * dot(pairs_[i].s, direction_);
        add(direction_, -alpha[i], pairs_[i].y);
    }
    for (T& each : direction_)
        each *= static_cast<T>(scale_);
    for (std::size_t i = 0; i < pairs_.size(); ++i)
        add(direction_, alpha[i] - rho[i] * dot(pairs_[i].y, direction_), pairs_[i].s);
}

// The first trial: lr, less in the first iteration, which knows nothing of the scale.
template <class T>
double LBFGS<T>::first_trial(const Vector& gradient) const {
    if (iterations_ > 0)
        return lr();
    double sum = 0;
    for (const T g : gradient)
        sum += std::abs(static_cast<double>(g));
    return lr() * std::min(1.0, 1 / sum);
}

// One iteration from a point of that loss and gradient, which it moves; false at its end.
template <class T>
bool LBFGS<T>::iterate(
    const std::function<Variable<T>()>& loss,
    double& now,
    Vector& gradient,
    std::size_t& evaluations) {
    if (iterations_ > 0)
        remember(gradient);
    aim(gradient);
    length_ = first_trial(gradient);
    ++iterations_;
    gradient_ = gradient;
    const double slope = dot(gradient, direction_);
    if (slope > -options_.tolerance_change)
        return false;
    const Vector start = weights();
    const auto along = [&](double t) {
        set_weights(start, direction_, t);
        detail::LinePoint<T> point{t, 0, 0, {}};
        point.loss = evaluate(loss, point.gradient);
        point.slope = dot(point.gradient, direction_);
        return point;
    };
    const double size = largest(direction_);
    detail::LineSearch<T> search(along, {0, now, slope, gradient}, size, options_.tolerance_change);
    detail::LinePoint<T> found = search.run(length_);
    set_weights(start, direction_, found.t);
    evaluations += search.evaluations();
    length_ = found.t;
    gradient = std::move(found.gradient);
    const double change = std::abs(std::exchange(now, found.loss) - found.loss);
    return length_ * size > options_.tolerance_change && change >= options_.tolerance_change;
}

template <class T>
double LBFGS<T>::step(const std::function<Variable<T>()>& loss) {
    Vector gradient;
    const double first = evaluate(loss, gradient);
    if (!std::isfinite(first)) {
        fail<std::invalid_argument>(
            "LBFGS: the loss at the start of the step is {}; need a finite one", first);
    }
    if (!is_finite(gradient)) {
        fail<std::invalid_argument>(
            "LBFGS: the gradient of \"{}\" at the start of the step is not finite; need a finite "
            "one",
            train::detail::nonfinite_gradient(parameters_));
    }
    double now = first;
    std::size_t evaluations = 1;
    for (std::size_t i = 0; i < options_.max_iterations; ++i) {
        // Where the gradient has become NaN, the next step says so.
        if (evaluations >= options_.max_evaluations || !is_finite(gradient) ||
            largest(gradient) <= options_.tolerance_gradient ||
            !iterate(loss, now, gradient, evaluations))
            break;
    }
    return first;
}

template <class T>
State<T> LBFGS<T>::state_dict() const {
    State<T> state{
        "LBFGS",
        {{"direction", as_array(direction_)}, {"gradient", as_array(gradient_)}},
        {{"lr", lr()},
         {"steps", static_cast<double>(iterations_)},
         {"pairs", static_cast<double>(pairs_.size())},
         {"length", length_},
         {"scale", scale_}}};
    Array<T> s = empty<T>({pairs_.size(), size_}), y = s;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        std::copy_n(pairs_[i].s.begin(), size_, s.data() + i * size_);
        std::copy_n(pairs_[i].y.begin(), size_, y.data() + i * size_);
    }
    state.arrays.emplace("s", std::move(s));
    state.arrays.emplace("y", std::move(y));
    return state;
}

template <class T>
void LBFGS<T>::load_state_dict(const State<T>& state) {
    State<T> expected = state_dict();
    const auto given = state.numbers.find("pairs");
    std::size_t pairs = pairs_.size();
    if (given != state.numbers.end() && detail::is_count(given->second)) {
        pairs = static_cast<std::size_t>(
            std::min(given->second, static_cast<double>(options_.history)));
    }
    for (const char* name : {"s", "y"})
        expected.arrays[name] = empty<T>({pairs, size_});
    detail::check_state(state, expected);
    set_lr(state.numbers.at("lr"));
    iterations_ = static_cast<std::uint64_t>(state.numbers.at("steps"));
    length_ = state.numbers.at("length");
    scale_ = state.numbers.at("scale");
    const auto row = [&](const char* name, std::size_t i) {
        const T* from = state.arrays.at(name).data() + i * size_;
        return Vector(from, from + size_);
    };
    direction_ = row("direction", 0);
    gradient_ = row("gradient", 0);
    pairs_.clear();
    for (std::size_t i = 0; i < pairs; ++i)
        pairs_.push_back({row("s", i), row("y", i)});
}

template class LBFGS<float>;
template class LBFGS<double>;

}  // namespace xgrad::optim
