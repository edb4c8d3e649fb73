// Internal: the file in which a search's finished trials stay.
#pragma once

#include <nn/search.hpp>

namespace xgrad::search {

/// What must be the same for a search to go on: names and texts.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// JSON lines: one with the settings, then one per finished trial, in the order in which they
/// finished. A line is written by one call and synced; the half line that a kill may leave is
/// taken off by the next search.
class Journal {
public:
    /// Opens or makes it, and locks it. Throws IoError for a file that is not a journal, damaged,
    /// of other settings, in use, or cannot be written.
    Journal(const std::filesystem::path& path, const Settings& settings);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal();

    /// The trials that were there, without their values.
    [[nodiscard]] std::vector<TrialResult> trials() const { return trials_; }
    void add(const TrialResult& trial);

private:
    template <class... Args>
    [[noreturn]] void refuse(const char* fact_and_need, const Args&... args) const;
    [[nodiscard]] std::string read_all() const;
    void read(const std::string& text, const std::string& first_line);
    void check_settings(const std::string& line, const std::string& own) const;
    void append(const std::string& line) const;

    std::string path_;
    int file_ = -1;
    std::vector<TrialResult> trials_;
};

}  // namespace xgrad::search
