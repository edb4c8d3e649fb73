// The scans, orders, arrangements and picks by name, as reference_calls.cpp.
#pragma once

#include <tests/ops/reference_case.hpp>

namespace xgrad::test {

template <class T>
Variable<T> as_variable(const IndexArray& indices) {
    Array<T> values = empty<T>(indices.shape());
    for (std::size_t i = 0; i < values.size(); ++i)
        values.data()[i] = static_cast<T>(indices.data()[i]);
    return Variable<T>(std::move(values));
}

/// The pieces in reverse, each flat, one after another: every piece counts, and so does its place.
template <class T>
Variable<T> joined(const std::vector<Variable<T>>& pieces) {
    std::vector<Variable<T>> flat;
    for (std::size_t i = pieces.size(); i > 0; --i)
        flat.push_back(reshape(pieces[i - 1], {pieces[i - 1].size()}));
    return concatenate(flat);
}

template <class T>
void add_scans(std::map<std::string, Call<T>>& calls) {
    calls["cumsum"] = [](const auto& in, const Json& p) {
        return cumsum(in[0], axis_of(p), p.at("reverse").get<bool>());
    };
    calls["linear_recurrence"] = [](const auto& in, const Json& p) {
        return linear_recurrence(in[0], in[1], axis_of(p), p.at("reverse").get<bool>());
    };
#define SCAN(name) \
    calls[#name] = [](const auto& in, const Json& p) { return name(in[0], axis_of(p)); }
    SCAN(cumprod), SCAN(cummax), SCAN(cummin), SCAN(logcumsumexp);
#undef SCAN
    calls["diff"] = [](const auto& in, const Json& p) {
        return diff(in[0], p.at("n").get<std::size_t>(), axis_of(p));
    };
    calls["trapezoid"] = [](const auto& in, const Json& p) {
        return in.size() == 2 ? trapezoid(in[0], in[1], axis_of(p))
                              : trapezoid(in[0], number_of(p, "spacing"), axis_of(p));
    };
}

template <class T>
void add_orders(std::map<std::string, Call<T>>& calls) {
    calls["argmin"] = [](const auto& in, const Json& p) {
        return as_variable<T>(argmin(in[0], axis_of(p)));
    };
    calls["argsort"] = [](const auto& in, const Json& p) {
        return as_variable<T>(argsort(in[0], axis_of(p), p.at("descending").get<bool>()));
    };
    calls["sort"] = [](const auto& in, const Json& p) {
        return sort(in[0], axis_of(p), p.at("descending").get<bool>()).values;
    };
    calls["topk"] = [](const auto& in, const Json& p) {
        return topk(in[0], p.at("k").get<std::size_t>(), axis_of(p), p.at("largest").get<bool>())
            .values;
    };
    calls["quantile"] = [](const auto& in, const Json& p) {
        const double q = number_of(p, "q");
        return p.contains("axis") ? quantile(in[0], q, axis_of(p), p.at("keep_dims").get<bool>())
                                  : quantile(in[0], q);
    };
    calls["median"] = [](const auto& in, const Json& p) {
        return p.contains("axis") ? median(in[0], axis_of(p), p.at("keep_dims").get<bool>())
                                  : median(in[0]);
    };
}

template <class T>
void add_arrangements(std::map<std::string, Call<T>>& calls) {
    calls["roll"] = [](const auto& in, const Json& p) {
        return roll(in[0], p.at("shift").get<std::ptrdiff_t>(), axis_of(p));
    };
    calls["flip"] = [](const auto& in, const Json& p) { return flip(in[0], axes_of(p)); };
    calls["repeat_interleave"] = [](const auto& in, const Json& p) {
        return p.at("repeats").is_array()
                   ? repeat_interleave(in[0], indices_of(p.at("repeats")), axis_of(p))
                   : repeat_interleave(in[0], p.at("repeats").get<std::size_t>(), axis_of(p));
    };
    calls["tile"] = [](const auto& in, const Json& p) {
        return tile(in[0], p.at("repeats").get<std::vector<std::size_t>>());
    };
    calls["expand"] = [](const auto& in, const Json& p) {
        return expand(in[0], shape_of(p.at("shape")));
    };
    calls["swapaxes"] = [](const auto& in, const Json& p) {
        return swapaxes(in[0], p.at("a").get<std::ptrdiff_t>(), p.at("b").get<std::ptrdiff_t>());
    };
    calls["moveaxis"] = [](const auto& in, const Json& p) {
        return moveaxis(
            in[0], p.at("from").get<std::ptrdiff_t>(), p.at("to").get<std::ptrdiff_t>());
    };
    calls["split"] = [](const auto& in, const Json& p) {
        return joined(split(in[0], p.at("extents").get<std::vector<std::size_t>>(), axis_of(p)));
    };
    calls["chunk"] = [](const auto& in, const Json& p) {
        return joined(chunk(in[0], p.at("pieces").get<std::size_t>(), axis_of(p)));
    };
    calls["meshgrid"] = [](const auto& in, const Json&) { return joined(meshgrid(in)); };
    calls["unfold"] = [](const auto& in, const Json& p) {
        return unfold(
            in[0], axis_of(p), p.at("size").get<std::size_t>(), p.at("step").get<std::size_t>());
    };
}

template <class T>
void add_picks(std::map<std::string, Call<T>>& calls) {
    calls["diagonal"] = [](const auto& in, const Json& p) {
        return diagonal(
            in[0],
            p.at("offset").get<std::ptrdiff_t>(),
            p.at("axis1").get<std::ptrdiff_t>(),
            p.at("axis2").get<std::ptrdiff_t>());
    };
#define OFFSET(name)                                              \
    calls[#name] = [](const auto& in, const Json& p) {            \
        return name(in[0], p.at("offset").get<std::ptrdiff_t>()); \
    }
    OFFSET(diag), OFFSET(tril), OFFSET(triu);
#undef OFFSET
    calls["one_hot"] = [](const auto&, const Json& p) {
        return one_hot<T>(indices_of(p.at("labels")), p.at("classes").get<std::size_t>());
    };
    calls["index_add"] = [](const auto& in, const Json& p) {
        return index_add(in[0], axis_of(p), indices_of(p.at("indices")), in[1]);
    };
    calls["masked_fill"] = [](const auto& in, const Json& p) {
        return masked_fill(in[0], in[1], number_of(p, "value"));
    };
    calls["masked_select"] = [](const auto& in, const Json&) {
        return masked_select(in[0], in[1]);
    };
}

template <class T>
void add_structure(std::map<std::string, Call<T>>& calls) {
    add_scans(calls);
    add_orders(calls);
    add_arrangements(calls);
    add_picks(calls);
}

}  // namespace xgrad::test
