#include <tests/nn/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>

namespace xgrad::test {

std::string reference_folder() {
    const char* set = std::getenv("XGRAD_TEST_REFERENCE");
    return set ? set : "tests/reference";
}

Json stored(const std::string& name) {
    std::ifstream file(reference_folder() + "/" + name);
    REQUIRE_MESSAGE(file.good(), "set XGRAD_TEST_REFERENCE to the folder of ", name);
    return Json::parse(file);
}

double difference(double got, double want) {
    return std::abs(got - want) / std::max(std::abs(want), 1e-3);
}

double compare(const Array<double>& got, const Json& expected) {
    double worst = 0;
    REQUIRE(expected.size() == got.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double d = difference(got.data()[i], expected[i].get<double>());
        worst = std::isnan(d) ? HUGE_VAL : std::max(worst, d);
    }
    CHECK(worst <= tolerance);
    return worst;
}

std::set<std::string> declared(const std::vector<std::string>& headers, const char* pattern) {
    const std::regex expression(pattern);
    std::set<std::string> names;
    for (const std::string& header : headers) {
        std::ifstream file(reference_folder() + "/../../" + header);
        REQUIRE_MESSAGE(file.good(), "need the source of ", header);
        const std::string text(std::istreambuf_iterator<char>(file), {});
        for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
            names.insert((*at)[1]);
    }
    return names;
}

void check_covered(
    const std::set<std::string>& names, const Json& runs, const std::string& script) {
    std::set<std::string> have;
    for (const Json& run : runs)
        have.insert(run.at("name"));
    for (const std::string& name : names)
        CHECK_MESSAGE(have.contains(name), name, " has no run; add one to ", script);
}

}  // namespace xgrad::test
