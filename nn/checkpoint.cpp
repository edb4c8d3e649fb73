#include <autograd/fail.hpp>
#include <nn/checkpoint.hpp>
#include <nn/checkpoint_file.hpp>

#include <algorithm>
#include <utility>

namespace xgrad::train {

using detail::Contents;
using detail::Part;

template <class T>
Checkpoint<T>& Checkpoint<T>::add(Part<T> part) {
    const std::string& name = part.name;
    const bool taken = std::ranges::any_of(parts_, [&](const auto& p) { return p.name == name; });
    if (name.empty() || name == "xgrad" || name.find('.') != std::string::npos || taken) {
        fail<std::invalid_argument>(
            "Checkpoint::track: the name \"{}\" is {}; a name is unique, not empty, not \"xgrad\", "
            "and without dots",
            name,
            taken ? "taken" : "not valid");
    }
    parts_.insert(part.first ? parts_.begin() : parts_.end(), std::move(part));
    return *this;
}

namespace {

template <class T>
Contents<T> contents_of(const std::vector<Part<T>>& parts) {
    Contents<T> contents;
    for (const Part<T>& part : parts)
        contents.emplace(part.name, part.take());
    return contents;
}

template <class T>
std::vector<std::function<void()>> kept_by(const std::vector<Part<T>>& parts) {
    std::vector<std::function<void()>> kept;
    for (const Part<T>& part : parts) {
        if (part.keep)
            kept.push_back(part.keep());
    }
    return kept;
}

// Gives a part what the file has of it; returns what is wrong with that.
template <class T>
std::string give(const Part<T>& part, const Contents<T>& from, const Contents<T>& before) {
    const auto found = from.find(part.name);
    if (found == from.end())
        return "it is missing";
    const std::string &kind = found->second.kind, &need = before.at(part.name).kind;
    if (kind != need)
        return fmt::format("it is of kind \"{}\"; need \"{}\"", kind, need);
    try {
        part.give(found->second);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

// Gives all parts what the file has; returns a line for each that does not fit.
template <class T>
std::string give_all(
    const std::vector<Part<T>>& parts, const Contents<T>& from, const Contents<T>& before) {
    std::string faults;
    for (const Part<T>& part : parts) {
        const std::string fault = give(part, from, before);
        if (!fault.empty())
            faults += fmt::format("\n  \"{}\": {}", part.name, fault);
    }
    return faults;
}

}  // namespace

template <class T>
void Checkpoint<T>::save(const std::filesystem::path& path) const {
    save(path, {});
}

template <class T>
void Checkpoint<T>::save(
    const std::filesystem::path& path, const std::function<void()>& before_rename) const {
    if (parts_.empty())
        fail<std::invalid_argument>("Checkpoint::save: nothing is tracked; call track() before");
    detail::write_contents<T>(path, contents_of(parts_), before_rename);
}

template <class T>
void Checkpoint<T>::load(const std::filesystem::path& path) {
    load(path, true);
}

template <class T>
void Checkpoint<T>::load_tracked(const std::filesystem::path& path) {
    load(path, false);
}

template <class T>
void Checkpoint<T>::load(const std::filesystem::path& path, bool all) {
    const Contents<T> contents = detail::read_contents<T>(path), before = contents_of(parts_);
    const auto kept = kept_by(parts_);
    const auto take_back = [&] {
        static_cast<void>(give_all(parts_, before, before));
        for (const auto& put_back : kept)
            put_back();
    };
    std::string faults;
    try {
        faults = give_all(parts_, contents, before);
    } catch (...) {
        take_back();
        throw;
    }
    for (const auto& [name, content] : contents) {
        if (all && !before.contains(name))
            faults += fmt::format("\n  \"{}\": it is not tracked", name);
    }
    if (!faults.empty()) {
        take_back();
        fail<std::invalid_argument>(
            "Checkpoint::load: \"{}\" does not fit; need a file of the same parts:{}",
            path.string(),
            faults);
    }
}

template Checkpoint<float>& Checkpoint<float>::add(Part<float>);
template Checkpoint<double>& Checkpoint<double>::add(Part<double>);
template void Checkpoint<float>::save(const std::filesystem::path&) const;
template void Checkpoint<float>::save(
    const std::filesystem::path&, const std::function<void()>&) const;
template void Checkpoint<double>::save(const std::filesystem::path&) const;
template void Checkpoint<double>::save(
    const std::filesystem::path&, const std::function<void()>&) const;
template void Checkpoint<float>::load(const std::filesystem::path&);
template void Checkpoint<double>::load(const std::filesystem::path&);
template void Checkpoint<float>::load(const std::filesystem::path&, bool);
template void Checkpoint<double>::load(const std::filesystem::path&, bool);
template void Checkpoint<float>::load_tracked(const std::filesystem::path&);
template void Checkpoint<double>::load_tracked(const std::filesystem::path&);

}  // namespace xgrad::train
