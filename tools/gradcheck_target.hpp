// Internal to gradcheck: a function as it is perturbed, called and differentiated.
#pragma once

#include <tools/gradcheck.hpp>

#include <stdexcept>

namespace xgrad::detail {

/// What a backward pass threw, set apart from what the function threw.
class BackwardFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The one that a rule on arrays throws where its derivative is asked for.
class NoDerivative : public BackwardFailure {
public:
    using BackwardFailure::BackwardFailure;
};

/// grad(), with what it throws as a BackwardFailure; undefined for inputs that are not reached.
[[nodiscard]] Variables differentiate(
    const Variables& outputs, const Variables& inputs, const Variables& seeds, bool recorded);

/// A function of leaves that are perturbed in place. `recorded` asks for outputs that can be
/// differentiated.
struct Target {
    NamedVariables inputs;
    std::size_t originals;  ///< so many inputs come first that are no seeds
    std::function<Variables(bool recorded)> call;
    bool is_loss = false;  ///< its seed is 1, so that its gradient is the one that training sees
    NamedVariables constants = {};  ///< inputs that are not differentiated, and stay as they are
};

/// The function whose outputs are the gradients of <seeds, target> with respect to the original
/// inputs; the seeds become inputs too. `outputs` are the target's, recorded. Its call is empty
/// when no output requires a gradient.
[[nodiscard]] Target gradient_of(
    const Target& target, const Variables& outputs, const Variables& seeds);

/// The values of the inputs, put back at the end whatever happens.
class Snapshot {
public:
    explicit Snapshot(NamedVariables inputs);
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    /// The first bit of an input that differs: "x at (1, 2) from 0.5 to 7"; empty without one.
    [[nodiscard]] std::string changed() const;
    void restore() const noexcept;

private:
    NamedVariables inputs_;
    std::vector<Array<double>> values_;
};

/// All elements, in a row.
[[nodiscard]] std::vector<double> values_of(const Variables& outputs);

/// Where they first differ, by more than tolerance * max(1, |a|, |b|), or in a bit; the size of the
/// shorter where they do not.
[[nodiscard]] std::size_t first_difference(
    const std::vector<double>& a, const std::vector<double>& b, double tolerance = 0);

/// "gradient", "second gradient", "gradient of order 3".
[[nodiscard]] std::string gradient_name(int order);

/// Throws std::invalid_argument for an option out of range.
void check_options(const GradcheckOptions& options);

}  // namespace xgrad::detail
