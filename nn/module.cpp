#include <autograd/alias.hpp>
#include <autograd/fail.hpp>
#include <nn/module.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace xgrad::nn {

template <class T>
Module<T>::Module() = default;
template <class T>
Module<T>::Module(Module&&) noexcept = default;
template <class T>
Module<T>& Module<T>::operator=(Module&&) noexcept = default;
template <class T>
Module<T>::~Module() = default;

// Calls in flight share it, so that it outlives a module that dies before backward.
template <class T>
struct Module<T>::Hooks {
    using Hook = std::function<Variable<T>(const Variable<T>&, const Variable<T>&)>;
    std::map<std::uint64_t, Hook> forward, backward;
    std::uint64_t next = 0;

    static HookHandle add(
        std::shared_ptr<Hooks>& hooks, std::map<std::uint64_t, Hook> Hooks::*kind, Hook hook) {
        if (!hooks)
            hooks = std::make_shared<Hooks>();
        const std::uint64_t id = hooks->next++;
        ((*hooks).*kind).emplace(id, std::move(hook));
        return HookHandle([id, kind, owner = std::weak_ptr(hooks)] {
            if (const auto alive = owner.lock())
                ((*alive).*kind).erase(id);
        });
    }

    // The first of the two, or what the hooks made of it. Over a copy: a hook may remove itself.
    static Variable<T> run(
        std::map<std::uint64_t, Hook> hooks,
        Variable<T> changing,
        const Variable<T>& other,
        bool y) {
        for (const auto& [id, hook] : hooks) {
            Variable<T> instead = y ? hook(other, changing) : hook(changing, other);
            if (instead.defined())
                changing = std::move(instead);
        }
        return changing;
    }
};

template <class T>
HookHandle Module<T>::register_forward_hook(
    std::function<Variable<T>(const Variable<T>&, const Variable<T>&)> hook) {
    return Hooks::add(hooks_, &Hooks::forward, std::move(hook));
}

template <class T>
HookHandle Module<T>::register_backward_hook(
    std::function<Variable<T>(const Variable<T>&, const Variable<T>&)> hook) {
    return Hooks::add(hooks_, &Hooks::backward, std::move(hook));
}

template <class T>
Variable<T> Module<T>::operator()(const Variable<T>& x) {
    if (!hooks_)
        return forward(x);
    const bool watched = !hooks_->backward.empty();
    // Nodes of this call's own, which nobody else's gradient comes through.
    const Variable<T> in = watched ? xgrad::detail::alias(x) : x;
    Variable<T> y = Hooks::run(hooks_->forward, forward(in), x, true);
    if (!watched || !y.requires_grad())
        return y;
    y = xgrad::detail::alias(y);
    const bool has_dx = in.requires_grad();
    const auto dy = std::make_shared<Variable<T>>();
    y.register_hook([hooks = hooks_, dy, has_dx](const Variable<T>& g) {
        if (has_dx)
            *dy = g;
        else
            static_cast<void>(Hooks::run(hooks->backward, {}, g, false));
    });
    if (has_dx) {
        in.register_hook([hooks = hooks_, dy](const Variable<T>& g) {
            return Hooks::run(hooks->backward, g, std::exchange(*dy, {}), false);
        });
    }
    return y;
}

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
