#include <autograd/fail.hpp>
#include <nn/module.hpp>

#include <algorithm>
#include <iterator>
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
std::vector<NamedBuffer<T>> Module<T>::every_buffer() const {
    std::vector<NamedBuffer<T>> all = own_buffers_;
    for (const auto& [name, child] : children_) {
        for (NamedBuffer<T>& buffer : child->every_buffer()) {
            buffer.name = name + "." + buffer.name;
            all.push_back(std::move(buffer));
        }
    }
    return all;
}

namespace {

// The first of those that share a value.
template <class Named>
std::vector<Named> different(std::vector<Named> all) {
    std::set<const void*> seen;
    std::erase_if(
        all, [&seen](const Named& named) { return !seen.insert(&named.value.state()).second; });
    return all;
}

}  // namespace

template <class T>
std::vector<Parameter<T>> Module<T>::parameters() const {
    return different(every_parameter());
}

template <class T>
std::vector<NamedBuffer<T>> Module<T>::buffers() const {
    return different(every_buffer());
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
std::size_t Module<T>::multiply_adds(const Shape&, const Shape&) const {
    return 0;
}

template <class T>
void Module<T>::freeze(bool on) const {
    for (Parameter<T>& parameter : parameters())
        parameter.value.requires_grad(!on);
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
    for (const Parameter<T>& parameter : every_parameter())
        state.emplace(parameter.name, parameter.value.value());
    for (const NamedBuffer<T>& buffer : every_buffer())
        state.emplace(buffer.name, buffer.value.value());
    return state;
}

template <class T>
void Module<T>::load_state_dict(const StateDict<T>& state) {
    std::vector<NamedBuffer<T>> mine;
    for (Parameter<T>& parameter : every_parameter())
        mine.push_back({std::move(parameter.name), std::move(parameter.value)});
    std::ranges::move(every_buffer(), std::back_inserter(mine));
    std::string faults;
    std::size_t found = 0;
    for (const auto& [name, value] : mine) {
        const auto given = state.find(name);
        if (given == state.end()) {
            faults += fmt::format(" \"{}\" is missing;", name);
            continue;
        }
        ++found;
        if (given->second.shape() != value.shape()) {
            faults += fmt::format(
                " \"{}\" has shape {}, the module's has {};",
                name,
                given->second.shape(),
                value.shape());
        }
    }
    if (found != state.size()) {
        for (const auto& [name, value] : state) {
            const bool known = std::ranges::any_of(
                mine, [&name = name](const auto& own) { return own.name == name; });
            if (!known)
                faults += fmt::format(" \"{}\" is not in the module;", name);
        }
    }
    if (!faults.empty()) {
        fail<std::invalid_argument>(
            "load_state_dict:{} the state must come from a network of the same layers", faults);
    }
    for (const auto& [name, value] : mine)
        value.assign(state.at(name));
}

template <class T>
void Module<T>::check_name(const std::string& name) const {
    const bool taken =
        std::ranges::any_of(own_, [&](const auto& p) { return p.name == name; }) ||
        std::ranges::any_of(own_buffers_, [&](const auto& b) { return b.name == name; }) ||
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
Variable<T> Module<T>::register_buffer(const std::string& name, Array<T> value) {
    check_name(name);
    own_buffers_.push_back({name, Variable<T>(std::move(value))});
    return own_buffers_.back().value;
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

}  // namespace xgrad::nn
