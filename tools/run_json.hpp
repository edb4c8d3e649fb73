// Internal to the sources: settings and files as JSON.
#pragma once

#include <tools/run_setting.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xgrad::report {

struct Verdict;

using Json = nlohmann::ordered_json;

/// A number; null where JSON has none.
[[nodiscard]] Json json_of(double value);
/// Numbers that are not finite become their texts, "inf".
[[nodiscard]] Json json_of(const Setting& setting);
[[nodiscard]] Json json_of(const Settings& settings);

/// Objects and lists become their JSON text.
[[nodiscard]] Setting setting_of(const Json& json);
/// Of an object; empty for null.
[[nodiscard]] Settings settings_of(const Json& json);

/// Indented, with a line end; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string text_of(const Json& json);
/// On one line, with a line end.
[[nodiscard]] std::string line_of(const Json& json);

/// Throws IoError that names the file, for one that cannot be read or is no JSON, with the line.
[[nodiscard]] Json read_json(const std::filesystem::path& path);

/// Adds those of a verdicts.json. Throws IoError that names it, where it is not one.
void read_verdicts(
    const std::filesystem::path& path,
    std::vector<Verdict>& verdicts,
    std::map<std::string, double>& results);

}  // namespace xgrad::report
