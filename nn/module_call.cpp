// A module called: its hooks, and where an error comes from.
#include <autograd/alias.hpp>
#include <autograd/fail.hpp>
#include <nn/module.hpp>

#include <map>
#include <typeinfo>
#include <utility>

namespace xgrad::nn {

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
Variable<T> Module<T>::hooked(
    const Variable<T>& x, const std::function<Variable<T>(const Variable<T>&)>& compute) {
    if (!hooks_)
        return compute(x);
    const bool watched = !hooks_->backward.empty();
    // Nodes of this call's own, which nobody else's gradient comes through.
    const Variable<T> in = watched ? xgrad::detail::alias(x) : x;
    Variable<T> y = Hooks::run(hooks_->forward, compute(in), x, true);
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

namespace {

// Where an error passed last, and the rest of its way down.
struct Place {
    const void* module;
    std::string below;  // "2.Dense(3, 4): x has ..."
};

template <class Error>
struct PlacedError : Error, Place {
    PlacedError(const std::string& text, Place place) : Error(text), Place(std::move(place)) {}
};

template <class T>
std::string path_to(Module<T>& from, const void* to) {
    std::string found;
    from.apply([&](const std::string& path, Module<T>& module) {
        if (&module == to && found.empty())
            found = path;
    });
    return found;
}

// The text with this module's name in front, or with the path from it to where it was placed.
template <class T>
Place placed(Module<T>& module, const std::exception& error) {
    const std::string text = error.what();
    if (const auto* inner = dynamic_cast<const Place*>(&error)) {
        const std::string path = path_to(module, inner->module);
        return {&module, path.empty() ? inner->below : path + "." + inner->below};
    }
    const std::string name = module.describe();
    return {&module, text.starts_with(name) ? text : name + ": " + text};
}

}  // namespace

template <class T>
Variable<T> Module<T>::call(
    const Variable<T>& x, const std::function<Variable<T>(const Variable<T>&)>& compute) {
    const auto rethrow = [this]<class Error>(const Error& error) {
        // A class of the program's may hold more than a text.
        if (typeid(error) != typeid(Error) && typeid(error) != typeid(PlacedError<Error>))
            throw;
        Place place = placed(*this, error);
        const std::string text = place.below;
        throw PlacedError<Error>(text, std::move(place));
    };
    try {
        return hooked(x, compute);
    } catch (const ShapeError& error) {
        rethrow(error);
    } catch (const IndexError& error) {
        rethrow(error);
    } catch (const std::invalid_argument& error) {
        rethrow(error);
    }
    return {};  // not reached
}

template <class T>
Variable<T> Module<T>::operator()(const Variable<T>& x) {
    return call(x, [this](const Variable<T>& in) { return forward(in); });
}

template HookHandle Module<float>::register_forward_hook(
    std::function<Variable<float>(const Variable<float>&, const Variable<float>&)>);
template HookHandle Module<double>::register_forward_hook(
    std::function<Variable<double>(const Variable<double>&, const Variable<double>&)>);
template HookHandle Module<float>::register_backward_hook(
    std::function<Variable<float>(const Variable<float>&, const Variable<float>&)>);
template HookHandle Module<double>::register_backward_hook(
    std::function<Variable<double>(const Variable<double>&, const Variable<double>&)>);
template Variable<float> Module<float>::hooked(
    const Variable<float>&, const std::function<Variable<float>(const Variable<float>&)>&);
template Variable<double> Module<double>::hooked(
    const Variable<double>&, const std::function<Variable<double>(const Variable<double>&)>&);
template Variable<float> Module<float>::call(
    const Variable<float>&, const std::function<Variable<float>(const Variable<float>&)>&);
template Variable<double> Module<double>::call(
    const Variable<double>&, const std::function<Variable<double>(const Variable<double>&)>&);
template Variable<float> Module<float>::operator()(const Variable<float>&);
template Variable<double> Module<double>::operator()(const Variable<double>&);

}  // namespace xgrad::nn
