// Files that tests read: those of the repository, and their bytes.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace xgrad::test {

/// A file that make_files.py wrote.
inline std::filesystem::path python_file(const std::string& name) {
    const char* set = std::getenv("XGRAD_TEST_REFERENCE");
    return std::filesystem::path(set ? set : "tests/reference") / "files" / name;
}

inline std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace xgrad::test
