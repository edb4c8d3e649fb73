#include <autograd/fail.hpp>
#include <tools/run_json.hpp>

#include <cmath>
#include <fstream>
#include <sstream>

namespace xgrad::report {

std::string Setting::text() const {
    return std::visit([](const auto& value) { return fmt::format("{}", value); }, value_);
}

Json json_of(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_of(const Setting& setting) {
    const auto* number = std::get_if<double>(&setting.value());
    if (number != nullptr && !std::isfinite(*number))
        return setting.text();
    return std::visit([](const auto& value) { return Json(value); }, setting.value());
}

Json json_of(const Settings& settings) {
    Json object = Json::object();
    for (const auto& [name, setting] : settings)
        object[name] = json_of(setting);
    return object;
}

Setting setting_of(const Json& json) {
    if (json.is_boolean())
        return json.get<bool>();
    if (json.is_number_unsigned())
        return json.get<std::uint64_t>();
    if (json.is_number_integer())
        return json.get<std::int64_t>();
    if (json.is_number())
        return json.get<double>();
    if (json.is_string())
        return json.get<std::string>();
    return json.dump();
}

Settings settings_of(const Json& json) {
    Settings settings;
    if (!json.is_null()) {
        for (const auto& [name, value] : json.get_ref<const Json::object_t&>())
            settings[name] = setting_of(value);
    }
    return settings;
}

std::string text_of(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string line_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json read_json(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    if (!file)
        fail<IoError>("{}: cannot be read; need a JSON file", path.string());
    try {
        return Json::parse(text.str());
    } catch (const Json::parse_error& error) {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
        const std::string what = error.what();
        const std::size_t at = what.find("at line");
        fail<IoError>(
            "{}: no JSON {}", path.string(), at == std::string::npos ? what : what.substr(at));
    }
}

}  // namespace xgrad::report
