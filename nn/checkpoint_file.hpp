// Internal to Checkpoint: what its parts are in a file.
#pragma once

#include <nn/module.hpp>

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace xgrad::train::detail {

using Texts = std::map<std::string, std::string>;

/// What is saved of one part.
template <class T>
struct Content {
    std::string kind;  ///< "Adam"
    nn::StateDict<T> arrays = {};
    Texts texts = {};  ///< numbers too, by to_text()
};

/// How a part is saved and loaded.
template <class T>
struct Part {
    std::string name;
    std::function<Content<T>()> take;
    /// Throws std::invalid_argument for what does not fit, and may then have changed some of it.
    std::function<void(const Content<T>&)> give;
    bool first = false;  ///< loaded before the others
    /// Returns what puts back that which `give` changes outside of the part; empty: nothing.
    std::function<std::function<void()>()> keep = {};
};

/// By the part's name.
template <class T>
using Contents = std::map<std::string, Content<T>>;

/// Throws what nn::save() throws. `before_rename`: as AtomicFile::commit() says.
template <class T>
void write_contents(
    const std::filesystem::path& path,
    Contents<T> contents,
    const std::function<void()>& before_rename);
/// Throws IoError for a file that is not whole, std::invalid_argument for one of another kind.
template <class T>
[[nodiscard]] Contents<T> read_contents(const std::filesystem::path& path);

/// The same of either scalar type, for the sake of the errors.
void check_whole(const std::filesystem::path& path);

/// The shortest text that from_text() makes the same bits of; of NaNs it keeps the sign.
template <class Number>
[[nodiscard]] std::string to_text(Number number);
/// Throws std::invalid_argument, with the name, for a text that is no such number.
template <class Number>
[[nodiscard]] Number from_text(const std::string& name, const std::string& text);

/// The same of several: "1 2 3".
template <class Number>
[[nodiscard]] std::string line_of(std::initializer_list<Number> numbers);
/// Throws std::invalid_argument for another count, too.
template <class Number>
[[nodiscard]] std::vector<Number> read_line(
    const std::string& name, const std::string& line, std::size_t count);

/// The same of numbers by name.
[[nodiscard]] Texts texts_of(const std::map<std::string, double>& numbers);
[[nodiscard]] std::map<std::string, double> numbers_of(const Texts& texts);

}  // namespace xgrad::train::detail
