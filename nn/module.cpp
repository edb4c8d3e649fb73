#include <autograd/fail.hpp>
#include <nn/module.hpp>

#include <algorithm>
#include <set>

namespace xgrad::nn {

template <class T>
Module<T>::Module() = default;
template <class T>
Module<T>::Module(Module&&) noexcept = default;
template <class T>
Module<T>& Module<T>::operator=(Module&&) noexcept = default;
template <class T>
Module<T>::~Module() = default;

template <class T>
std::vector<Parameter<T>> Module<T>::every_parameter() const {
    std::vector<Parameter<T>> all = own_;
    for (const auto& [name, child] : children_) {
        for (Parameter<T>& parameter : child->every_parameter()) {
            parameter.name = name + "." + parameter.name;
            all.push_back(std::move(parameter));
        }
    }
    return all;
}

template <class T>
std::vector<Parameter<T>> Module<T>::parameters() const {
    std::vector<Parameter<T>> different;
    std::set<const void*> seen;
    for (Parameter<T>& parameter : every_parameter()) {
        if (seen.insert(&parameter.value.state()).second)
            different.push_back(std::move(parameter));
    }
    return different;
}

template <class T>
std::size_t Module<T>::parameter_count() const {
    std::size_t n = 0;
    for (const Parameter<T>& parameter : parameters())
        n += parameter.value.size();
    return n;
}

template <class T>
void Module<T>::apply(const std::function<void(const std::string&, Module&)>& visit) {
    visit("", *this);
    for (const auto& [name, child] : children_) {
        child->apply([&visit, &name = name](const std::string& path, Module& module) {
            visit(path.empty() ? name : name + "." + path, module);
        });
    }
}

template <class T>
void Module<T>::train(bool on) {
    apply([on](const std::string&, Module& module) { module.training_ = on; });
}

template <class T>
void Module<T>::freeze_noise(bool on) {
    apply([on](const std::string&, Module& module) { module.noise_frozen_ = on; });
}

template <class T>
void Module<T>::zero_grad() const {
    for (const Parameter<T>& parameter : parameters())
        parameter.value.zero_grad();
}

template <class T>
StateDict<T> Module<T>::state_dict() const {
    StateDict<T> state;
    for (const Parameter<T>& parameter : every_parameter()) {
        state.emplace(parameter.name, parameter.value.value());
    }
    return state;
}

template <class T>
void Module<T>::load_state_dict(const StateDict<T>& state) {
    const std::vector<Parameter<T>> mine = every_parameter();
    std::string faults;
    std::size_t found = 0;
    for (const Parameter<T>& parameter : mine) {
        const auto given = state.find(parameter.name);
        if (given == state.end()) {
            faults += fmt::format(" \"{}\" is missing;", parameter.name);
            continue;
        }
        ++found;
        if (given->second.shape() != parameter.value.shape()) {
            faults += fmt::format(
                " \"{}\" has shape {}, the module's has {};",
                parameter.name,
                given->second.shape(),
                parameter.value.shape());
        }
    }
    if (found != state.size()) {
        for (const auto& [name, value] : state) {
            const bool known = std::ranges::any_of(
                mine, [&name = name](const auto& parameter) { return parameter.name == name; });
            if (!known)
                faults += fmt::format(" \"{}\" is not in the module;", name);
        }
    }
    if (!faults.empty()) {
        fail<std::invalid_argument>(
            "load_state_dict:{} the state must come from a network of the same layers", faults);
    }
    for (const Parameter<T>& parameter : mine)
        parameter.value.assign(state.at(parameter.name));
}

template <class T>
void Module<T>::check_name(const std::string& name) const {
    const bool taken =
        std::ranges::any_of(own_, [&](const auto& p) { return p.name == name; }) ||
        std::ranges::any_of(children_, [&](const auto& child) { return child.first == name; });
    if (name.empty() || name.find('.') != std::string::npos || taken) {
        fail<std::invalid_argument>(
            "Module: the name \"{}\" is {}; a name is unique in its module, not empty, and without "
            "dots",
            name,
            taken ? "taken" : "not valid");
    }
}

template <class T>
Variable<T> Module<T>::register_parameter(const std::string& name, Array<T> value, bool decays) {
    check_name(name);
    own_.push_back({name, Variable<T>(std::move(value), true), decays});
    return own_.back().value;
}

template <class T>
void Module<T>::add_child(const std::string& name, std::shared_ptr<Module> module) {
    check_name(name);
    if (!module)
        fail<std::invalid_argument>("Module: submodule \"{}\" is null; need a module", name);
    children_.emplace_back(name, std::move(module));
}

template class Module<float>;
template class Module<double>;

template <class T>
std::string summary(Module<T>& module) {
    struct Row {
        std::string path, what, shapes;
        std::size_t count;
    };
    std::vector<Row> rows;
    std::size_t path_width = 4, what_width = 5, shape_width = 10;
    module.apply([&](const std::string& path, Module<T>& part) {
        Row row{path.empty() ? "(model)" : path, part.describe(), "", 0};
        for (const Parameter<T>& parameter : part.parameters()) {
            if (parameter.name.find('.') != std::string::npos)
                continue;  // a submodule's
            row.shapes += (row.shapes.empty() ? "" : " ") + parameter.name + " " +
                          to_string(parameter.value.shape());
            row.count += parameter.value.size();
        }
        path_width = std::max(path_width, row.path.size());
        what_width = std::max(what_width, row.what.size());
        shape_width = std::max(shape_width, row.shapes.size());
        rows.push_back(std::move(row));
    });
    const auto line = [&](std::string_view path,
                          std::string_view what,
                          std::string_view shapes,
                          const std::string& count) {
        return fmt::format(
            "{:<{}}  {:<{}}  {:<{}}  {:>10}\n",
            path,
            path_width,
            what,
            what_width,
            shapes,
            shape_width,
            count);
    };
    std::string table = line("path", "layer", "parameters", "count");
    for (const Row& row : rows) {
        table +=
            line(row.path, row.what, row.shapes, row.count ? fmt::format("{}", row.count) : "");
    }
    return table + line("total", "", "", fmt::format("{}", module.parameter_count()));
}

template std::string summary(Module<float>&);
template std::string summary(Module<double>&);

}  // namespace xgrad::nn
