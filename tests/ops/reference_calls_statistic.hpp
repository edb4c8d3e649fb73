// The norms, distances, moments and margin losses by name, as reference_calls.cpp.
#pragma once

#include <tests/ops/reference_calls_structure.hpp>

#include <cstdlib>

namespace xgrad::test {

inline double p_of(const Json& p) {
    const Json& power = p.at("p");
    return power.is_string() ? std::strtod(power.get<std::string>().c_str(), nullptr)
                             : power.get<double>();
}

template <class T>
void add_moments(std::map<std::string, Call<T>>& calls) {
    calls["norm"] = [](const auto& in, const Json& p) {
        return p.contains("axes") ? norm(in[0], p_of(p), axes_of(p), p.at("keep_dims").get<bool>())
                                  : norm(in[0], p_of(p));
    };
    calls["normalize"] = [](const auto& in, const Json& p) {
        return normalize(in[0], p_of(p), axis_of(p), number_of(p, "epsilon"));
    };
    calls["cosine_similarity"] = [](const auto& in, const Json& p) {
        return cosine_similarity(in[0], in[1], axis_of(p));
    };
    calls["pairwise_distance"] = [](const auto& in, const Json& p) {
        return pairwise_distance(in[0], in[1], p_of(p));
    };
    calls["cdist"] = [](const auto& in, const Json& p) { return cdist(in[0], in[1], p_of(p)); };
    calls["var_mean"] = [](const auto& in, const Json& p) {
        const auto moments = var_mean(
            in[0], axes_of(p), p.at("keep_dims").get<bool>(), p.at("ddof").get<std::size_t>());
        return joined(std::vector{moments.variance, moments.mean});
    };
    calls["covariance"] = [](const auto& in, const Json& p) {
        return covariance(in[0], p.at("ddof").get<std::size_t>());
    };
    calls["corrcoef"] = [](const auto& in, const Json&) { return corrcoef(in[0]); };
}

template <class T>
void add_margin_losses(std::map<std::string, Call<T>>& calls) {
#define LOSS(name) \
    calls[#name] = [](const auto& in, const Json& p) { return name(in[0], in[1], reduction_of(p)); }
    LOSS(hinge_loss);
#undef LOSS
    calls["hinge_embedding_loss"] = [](const auto& in, const Json& p) {
        return hinge_embedding_loss(in[0], in[1], number_of(p, "margin"), reduction_of(p));
    };
    calls["multi_margin_loss"] = [](const auto& in, const Json& p) {
        return multi_margin_loss(
            in[0],
            indices_of(p.at("labels")),
            p.at("p").get<int>(),
            number_of(p, "margin"),
            reduction_of(p),
            p.value("weights", std::vector<double>()));
    };
    calls["triplet_margin_loss"] = [](const auto& in, const Json& p) {
        const double margin = number_of(p, "margin");
        const bool swap = p.value("swap", false);
        return triplet_margin_loss(in[0], in[1], in[2], margin, p_of(p), reduction_of(p), swap);
    };
    calls["cosine_embedding_loss"] = [](const auto& in, const Json& p) {
        return cosine_embedding_loss(in[0], in[1], in[2], number_of(p, "margin"), reduction_of(p));
    };
}

template <class T>
void add_likelihood_losses(std::map<std::string, Call<T>>& calls) {
    calls["kl_div"] = [](const auto& in, const Json& p) {
        return kl_div(in[0], in[1], reduction_of(p), p.value("log_target", false));
    };
    calls["poisson_nll_loss"] = [](const auto& in, const Json& p) {
        if (!p.contains("full"))
            return poisson_nll_loss(in[0], in[1], reduction_of(p));
        PoissonNllOptions options;
        options.log_input = p.at("log_input").get<bool>();
        options.full = p.at("full").get<bool>();
        options.epsilon = number_of(p, "epsilon");
        options.reduction = reduction_of(p);
        return poisson_nll_loss(in[0], in[1], options);
    };
    calls["gaussian_nll_loss"] = [](const auto& in, const Json& p) {
        return gaussian_nll_loss(
            in[0], in[1], in[2], 1e-6, reduction_of(p), p.value("full", false));
    };
    calls["focal_loss"] = [](const auto& in, const Json& p) {
        return focal_loss(
            in[0], in[1], number_of(p, "alpha"), number_of(p, "gamma"), reduction_of(p));
    };
}

template <class T>
void add_cross_entropy(std::map<std::string, Call<T>>& calls) {
    calls["cross_entropy"] = [](const auto& in, const Json& p) {
        if (!p.contains("weights"))
            return cross_entropy(in[0], indices_of(p.at("labels")), reduction_of(p));
        CrossEntropyOptions options;
        options.class_weights = p.at("weights").get<std::vector<double>>();
        options.label_smoothing = number_of(p, "smoothing");
        options.ignore_index = p.value("ignore", std::int64_t{-100});
        options.reduction = reduction_of(p);
        return in.size() == 2 ? cross_entropy(in[0], in[1], options)
                              : cross_entropy(in[0], indices_of(p.at("labels")), options);
    };
}

template <class T>
void add_statistic(std::map<std::string, Call<T>>& calls) {
    add_moments(calls);
    add_margin_losses(calls);
    add_likelihood_losses(calls);
    add_cross_entropy(calls);
}

}  // namespace xgrad::test
