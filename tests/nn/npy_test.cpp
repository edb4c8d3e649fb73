#include <autograd/error.hpp>
#include <nn/npy.hpp>
#include <nn/npz.hpp>
#include <tests/nn/stored_files.hpp>
#include <tests/support.hpp>

#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;
using nn::load_npy;
using nn::load_npz;
using nn::save_npy;
using nn::save_npz;

namespace fs = std::filesystem;

namespace {

// What make_files.py puts into an array of a dtype of this kind: 'f', 'i', 'u' or 'b'.
Array<double> python_values(char kind, const Shape& shape = {2, 3}) {
    Array<double> x = empty<double>(shape);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const auto at = static_cast<double>(i);
        x.data()[i] = kind == 'f'   ? (at - 2) / 4
                      : kind == 'i' ? at - 2
                      : kind == 'u' ? at
                                    : static_cast<double>(i % 2);
    }
    return x;
}

}  // namespace

TEST_CASE_TEMPLATE("npy gives the same bits back", T, float, double) {
    const TempFolder folder;
    const std::vector<Array<T>> arrays{
        random_array<T>({3, 4}, 1),
        random_array<T>({100, 7, 70}, 2),
        Array<T>(Shape{}, T(2.5)),
        empty<T>({0, 3}),
        Array<T>{T(0) / T(0), T(1) / T(0), T(-0.0)}};
    for (const Array<T>& array : arrays) {
        save_npy(folder / "x", array);
        check_same(load_npy<T>(folder / "x"), array);
    }
}

TEST_CASE("npy keeps whole numbers exactly") {
    const TempFolder folder;
    const Array<std::int64_t> labels{INT64_MIN, -1, (std::int64_t{1} << 53) + 1, INT64_MAX};
    save_npy(folder / "x", labels);
    CHECK(load_npy<std::int64_t>(folder / "x") == labels);
    CHECK(load_npy<double>(folder / "x").data()[1] == -1);
}

TEST_CASE("save_npy writes what numpy writes") {
    const TempFolder folder;
    save_npy(folder / "x", python_values('f'));
    CHECK(bytes_of(folder / "x") == bytes_of(python_file("numpy.npy")));
    save_npy(folder / "y", Array<std::int64_t>{7, -1, (std::int64_t{1} << 53) + 1});
    CHECK(bytes_of(folder / "y") == bytes_of(python_file("numpy_labels.npy")));
}

TEST_CASE("load_npy reads numpy's files of each version, order of bytes and of axes") {
    check_same(load_npy<double>(python_file("numpy.npy")), python_values('f'));
    check_same(load_npy<double>(python_file("numpy_version2.npy")), python_values('f'));
    check_same(load_npy<double>(python_file("numpy_version3.npy")), python_values('f'));
    check_same(load_npy<double>(python_file("numpy_columns.npy")), python_values('i', {3, 2}));
    CHECK(
        load_npy<std::int64_t>(python_file("numpy_labels.npy")) ==
        Array<std::int64_t>{7, -1, (std::int64_t{1} << 53) + 1});
}

TEST_CASE_TEMPLATE("load_npz reads every dtype of numpy's", T, float, double) {
    auto state = load_npz<T>(python_file("numpy.npz"));
    CHECK(state.size() == 22);
    const auto check = [&](const std::string& name, const Array<double>& expected) {
        CAPTURE(name);
        REQUIRE(state.count(name) == 1);
        check_same(Array<double>(xt::cast<double>(state.at(name))), expected);
        state.erase(name);
    };
    check("scalar", python_values('f', {}));
    check("none", python_values('f', {0, 3}));
    check("layer/columns", python_values('f', {2, 3, 2}));
    check("größe", python_values('f', {1}));
    while (!state.empty()) {
        const std::string name = state.begin()->first;
        check(name, python_values(name.starts_with("big_") ? name[4] : name[0]));
    }
}

TEST_CASE("load_npz reads deflated members and an archive of none") {
    const auto state = load_npz<double>(python_file("numpy_compressed.npz"));
    CHECK(state.size() == 2);
    check_same(state.at("x"), python_values('f'));
    check_same(state.at("zeros"), Array<double>(Shape{100, 100}, 0.0));
    CHECK(load_npz<float>(python_file("numpy_empty.npz")).empty());
}

TEST_CASE_TEMPLATE("npz gives the same bits back, stored and deflated", T, float, double) {
    const TempFolder folder;
    nn::StateDict<T> state;
    for (const bool compress : {false, true}) {
        save_npz(folder / "none", state, compress);
        CHECK(load_npz<T>(folder / "none").empty());
    }
    state["0.weight"] = random_array<T>({30, 400}, 1);
    state["layer/größe"] = random_array<T>({4}, 2);
    state["scalar"] = Array<T>(Shape{}, T(2.5));
    state["none"] = empty<T>({0, 3});
    state["zeros"] = Array<T>(Shape{200, 200}, T(0));
    for (const bool compress : {false, true}) {
        save_npz(folder / "x", state, compress);
        const auto loaded = load_npz<T>(folder / "x");
        CHECK(loaded.size() == state.size());
        for (const auto& [name, value] : state)
            check_same(loaded.at(name), value);
    }
    CHECK(fs::file_size(folder / "x") < 30 * 400 * sizeof(T) + 5000);
    save_npz(folder / "again", state, true);
    CHECK(bytes_of(folder / "again") == bytes_of(folder / "x"));
    const fs::directory_iterator entries(folder.path());
    CHECK(std::distance(begin(entries), end(entries)) == 3);
    CHECK(
        (fs::status(folder / "x").permissions() & fs::perms::owner_all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("save_npz refuses names that leave their folder when unpacked, and keeps the old file") {
    const TempFolder folder;
    save_npz(folder / "x", nn::StateDict<float>{{"old", Array<float>{1}}});
    const std::string before = bytes_of(folder / "x");
    const auto fault_of = [&](const std::string& name) {
        return text_of_error<IoError>([&] {
            save_npz(folder / "x", nn::StateDict<float>{{name, Array<float>{1}}});
        });
    };
    const std::string start = "save_npz: \"" + (folder / "x").string() + "\": ";
    const std::string need = "; need one that stays in its folder";
    CHECK(fault_of("") == start + "the name \"\" is empty" + need);
    CHECK(fault_of("/etc/x") == start + "the name \"/etc/x\" is absolute" + need);
    CHECK(fault_of("C:/x") == start + "the name \"C:/x\" is absolute" + need);
    CHECK(fault_of("a/../../x") == start + "the name \"a/../../x\" has \"..\"" + need);
    CHECK(fault_of("a\\x") == start + "the name \"a\\x\" has a backslash or a zero" + need);
    CHECK(fault_of("\xff") == start + "\"\xff\": Invalid argument; need a name in UTF-8");
    CHECK(fault_of("a..b/...") == "no error");
    save_npz(folder / "x", nn::StateDict<float>{{"old", Array<float>{1}}});
    CHECK(bytes_of(folder / "x") == before);
}
