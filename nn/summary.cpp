#include <autograd/fail.hpp>
#include <autograd/grad.hpp>
#include <nn/eval_mode.hpp>
#include <nn/summary.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace xgrad::nn {

namespace {

constexpr std::size_t columns = 6;
using Row = std::array<std::string, columns>;  // path, layer, parameters, result, count, mul-adds

std::string number(std::size_t n) { return n > 0 ? fmt::format("{}", n) : ""; }

// Only the columns that are shown; numbers to the right.
std::string table_of(const std::vector<Row>& rows, bool traced) {
    std::array<std::size_t, columns> width{};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < columns; ++i)
            width[i] = std::max(width[i], row[i].size());
    std::string table;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < columns; ++i) {
            if (!traced && (i == 3 || i == 5))
                continue;
            const std::string gap = line.empty() ? "" : "  ";
            line += gap + (i < 4 ? fmt::format("{:<{}}", row[i], width[i])
                                 : fmt::format("{:>{}}", row[i], width[i]));
        }
        table += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return table;
}

template <class T>
Row row_of(const std::string& path, const Module<T>& module) {
    Row row{path.empty() ? "(model)" : path, module.describe()};
    std::size_t own = 0;
    for (const Parameter<T>& parameter : module.parameters()) {
        if (parameter.name.find('.') != std::string::npos)
            continue;  // a submodule's
        row[2] +=
            (row[2].empty() ? "" : " ") + parameter.name + " " + to_string(parameter.value.shape());
        own += parameter.value.size();
    }
    row[4] = number(own);
    return row;
}

struct Trace {
    Shape result;
    bool called = false;
    std::size_t multiply_adds = 0;
};

// Watches every module of the tree while one input goes through.
template <class T>
std::map<const Module<T>*, Trace> traces(Module<T>& model, const Shape& input) {
    std::map<const Module<T>*, Trace> found;
    std::vector<HookHandle> hooks;
    struct Unhook {
        std::vector<HookHandle>& hooks;
        ~Unhook() {
            for (HookHandle& hook : hooks)
                hook.remove();
        }
    } const unhook{hooks};
    model.apply([&](const std::string&, Module<T>& module) {
        if (!found.try_emplace(&module).second)
            return;  // shared, and watched already
        hooks.push_back(module.register_forward_hook(
            [&found, at = &module](const Variable<T>& x, const Variable<T>& y) {
                Trace& trace = found[at];
                trace.result = y.shape();
                trace.called = true;
                trace.multiply_adds += at->multiply_adds(x.shape(), y.shape());
                return Variable<T>();
            }));
    });
    const EvalMode<T> eval(model);
    const NoGradGuard unrecorded;
    static_cast<void>(model(Variable<T>(Array<T>(input, T(0)))));
    return found;
}

template <class T>
std::string summary_of(Module<T>& model, const Shape* input) {
    std::vector<Row> rows{{"path", "layer", "parameters", "result", "count", "multiply-adds"}};
    std::map<const Module<T>*, Trace> trace;
    if (input)
        trace = traces(model, *input);
    std::size_t multiply_adds = 0;
    model.apply([&](const std::string& path, Module<T>& module) {
        Row row = row_of(path, module);
        if (const auto seen = trace.find(&module); seen != trace.end() && seen->second.called) {
            row[3] = to_string(seen->second.result);
            row[5] = number(seen->second.multiply_adds);
            multiply_adds += std::exchange(seen->second.multiply_adds, 0);
        }
        rows.push_back(std::move(row));
    });
    rows.push_back(
        {"total",
         "",
         "",
         "",
         fmt::format("{}", model.parameter_count()),
         fmt::format("{}", multiply_adds)});
    return table_of(rows, input != nullptr);
}

}  // namespace

template <class T>
std::string summary(Module<T>& module) {
    return summary_of(module, nullptr);
}
template <class T>
std::string summary(Module<T>& module, const Shape& input) {
    return summary_of(module, &input);
}

template std::string summary(Module<float>&);
template std::string summary(Module<double>&);
template std::string summary(Module<float>&, const Shape&);
template std::string summary(Module<double>&, const Shape&);

}  // namespace xgrad::nn
