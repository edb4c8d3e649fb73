// What the public headers say of a function, read from their text.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace xgrad {

struct FunctionDoc {
    std::string header;  ///< "ops/arithmetic.hpp"
    std::string text;    ///< of the `///` block above the declaration, in one line

    /// "arithmetic"
    [[nodiscard]] std::string family() const;
    [[nodiscard]] std::string first_sentence() const;
};

/// By name, the function templates that the headers in `autograd`, `ops` and `nn` of a folder
/// declare below a `///` block, headers that begin with "// Internal" apart: the source tree, or
/// include/xgrad where it is installed. A block holds for what follows it without an empty line. Of
/// overloads the first counts. Empty when there are no such folders.
[[nodiscard]] std::map<std::string, FunctionDoc> read_docs(const std::filesystem::path& folder);

}  // namespace xgrad
