#include <autograd/fail.hpp>
#include <nn/torch.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>

namespace xgrad::nn {
namespace {

// True when `name` is `path`, or below it.
bool is_below(std::string_view name, std::string_view path) {
    return name.starts_with(path) && (name.size() == path.size() || name[path.size()] == '.');
}

std::string join(const std::string& path, std::string_view rest) {
    const std::string_view name = rest.starts_with('.') ? rest.substr(1) : rest;
    return path + (path.empty() || name.empty() ? "" : ".") + std::string(name);
}

const Renames::value_type* longest(const Renames& renames, const std::string& name) {
    const Renames::value_type* best = nullptr;
    for (const auto& entry : renames) {
        if (is_below(name, entry.first) && (!best || entry.first.size() > best->first.size()))
            best = &entry;
    }
    return best;
}

// The same name without the part "_orig_mod" wherever it stands.
std::string without_compile(std::string name) {
    constexpr std::string_view part = "_orig_mod.";
    for (std::size_t at = 0; (at = name.find(part, at)) != name.npos;) {
        if (at == 0 || name[at - 1] == '.')
            name.erase(at, part.size());
        else
            ++at;
    }
    return name;
}

bool ends_in(std::string_view name, std::string_view part) {
    return name.ends_with(part) &&
           (name.size() == part.size() || name[name.size() - part.size() - 1] == '.');
}

// Weight normalization's two forms under the older one's names.
std::string without_parametrizations(const std::string& name) {
    for (const auto& [part, plain] :
         {std::pair<std::string_view, std::string_view>{
              "parametrizations.weight.original0", "weight_g"},
          {"parametrizations.weight.original1", "weight_v"}}) {
        if (ends_in(name, part))
            return name.substr(0, name.size() - part.size()) + std::string(plain);
    }
    return name;
}

template <class T>
void add(StateDict<T>& state, const std::string& name, const Array<T>& value) {
    if (!state.emplace(name, value).second) {
        fail<std::invalid_argument>(
            "rename: two arrays would be named \"{}\"; need different names", name);
    }
}

}  // namespace

template <class T>
StateDict<T> rename(const StateDict<T>& state, const Renames& renames) {
    StateDict<T> renamed;
    std::set<std::string> unused;
    for (const auto& [path, to] : renames)
        unused.insert(path);
    for (const auto& [name, value] : state) {
        const auto* const entry = longest(renames, name);
        if (!entry) {
            add(renamed, name, value);
            continue;
        }
        unused.erase(entry->first);
        const std::string_view rest = std::string_view(name).substr(entry->first.size());
        add(renamed, join(entry->second, rest), value);
    }
    if (!unused.empty()) {
        fail<std::invalid_argument>(
            "rename: no array's name begins with \"{}\"; need a path of the state",
            *unused.begin());
    }
    return renamed;
}

template <class T>
StateDict<T> from_torch(const StateDict<T>& state, const Renames& renames) {
    StateDict<T> plain;
    const bool is_parallel = !state.empty() && std::ranges::all_of(state, [](const auto& entry) {
        return without_compile(entry.first).starts_with("module.");
    });
    for (const auto& [name, value] : state) {
        if (ends_in(name, "num_batches_tracked"))
            continue;
        std::string path = without_parametrizations(without_compile(name));
        if (is_parallel)
            path.erase(0, std::string_view("module.").size());
        add(plain, path, value);
    }
    return rename(plain, renames);
}

template StateDict<float> rename(const StateDict<float>&, const Renames&);
template StateDict<double> rename(const StateDict<double>&, const Renames&);
template StateDict<float> from_torch(const StateDict<float>&, const Renames&);
template StateDict<double> from_torch(const StateDict<double>&, const Renames&);

}  // namespace xgrad::nn
