// Ops from shared libraries. The program is linked so that a library finds xgrad in it.
#include <autograd/plugin.hpp>
#include <ops/ops.hpp>
#include <tests/support.hpp>
#include <tools/gradcheck_op.hpp>

#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace xgrad;
using namespace xgrad::test;

namespace {

std::vector<std::string> libraries;  // the arguments

std::string path_of(const std::string& name) {
    for (const std::string& path : libraries) {
        if (path.ends_with("/lib" + name + ".so"))
            return std::filesystem::absolute(path).string();
    }
    FAIL("no library " << name << " among the arguments");
    return {};
}

std::vector<std::string> names(const std::vector<const Op*>& ops) {
    std::vector<std::string> list;
    for (const Op* op : ops)
        list.push_back(op->name());
    return list;
}

const std::vector<std::string> of_myops{
    "myops_cube", "myops_gram", "myops_swish", "myops_wrong_square"};

Variable<double> call(const char* op, const std::vector<Variable<double>>& inputs) {
    return find_op(op)->samples().front().call_double(inputs);
}

}  // namespace

int main(int argc, char** argv) {
    libraries.assign(argv + 1, argv + argc);
    return doctest::Context().run();
}

TEST_CASE("load_ops: ops through all three doors, known by name, line and library") {
    const std::size_t before = all_ops().size();
    const auto ops = load_ops(path_of("myops"));
    CHECK(names(ops) == of_myops);
    CHECK(all_ops().size() == before + 4);
    for (const Op* op : ops) {
        CHECK(find_op(op->name()) == op);
        CHECK(op->library().ends_with("/libmyops.so"));
        CHECK(std::string(op->where().file_name()).ends_with("myops.cpp"));
        CHECK(op->where().line() > 10);
    }
    CHECK_FALSE(find_op("mul")->library().ends_with("libmyops.so"));
    CHECK(find_op("mul")->library() != "");
}

TEST_CASE("load_ops: the checker passes the right ops and finds the wrong one") {
    for (const Op* op : load_ops(path_of("myops"))) {
        const OpReport report = check_op(*op);
        CHECK_MESSAGE(report.ok() == (op->name() != "myops_wrong_square"), report.to_string());
    }
}

TEST_CASE("load_ops: values, gradients and versions cross the border") {
    static_cast<void>(load_ops(path_of("myops")));
    const Variable<double> x(Array<double>{1, -2, 3}, true);
    const auto y = call("myops_cube", {x});
    check_close(y.value(), {1, -8, 27});
    check_close(grad(sum(y), x, {.retain_graph = true}).value(), {3, 12, 27});
    x.assign(Array<double>{0, 0, 0});
    const std::string text = text_of_error<GraphError>([&] { sum(y).backward(); });
    CHECK(text.starts_with("backward: myops_cube (myops.cpp:"));
    CHECK(text.find("overwritten after it was recorded (version 0, now 1)") != std::string::npos);
    // Nothing records in the library while a guard of the program is alive.
    const NoGradGuard guard;
    CHECK_FALSE(call("myops_cube", {x}).requires_grad());
}

TEST_CASE("load_ops: a second time gives the same ops, and they outlive a handle of one's own") {
    const auto first = load_ops(path_of("myops"));
    void* own = dlopen(path_of("myops").c_str(), RTLD_NOW);
    REQUIRE(own);
    const Variable<double> x(Array<double>{2}, true);
    const auto y = call("myops_cube", {x});
    dlclose(own);
    CHECK(load_ops(path_of("myops")) == first);
    CHECK(grad(sum(y), x).item() == 12);
}

TEST_CASE("load_ops: a name that is taken is refused with both places; nothing of it stays") {
    const std::size_t before = all_ops().size();
    const std::string path = path_of("clash");
    const std::string text =
        text_of_error<std::logic_error>([&] { static_cast<void>(load_ops(path)); });
    CHECK(text.starts_with(
        "load_ops: 1 of 2 op(s) of " + path +
        " clash with what is loaded, the first so: Op: \"mul\" is defined twice, at "));
    CHECK(text.ends_with(
        " and at clash.cpp:7 of " + path +
        "; names are unique (a plug-in is linked without libxgrad.a)"));
    CHECK(all_ops().size() == before);
    CHECK(find_op("clash_free") == nullptr);
    CHECK((Variable<double>(2.0) * 3.0).item() == 6);
}

TEST_CASE("load_ops: two plug-ins with the same names") {
    static_cast<void>(load_ops(path_of("myops")));
    const std::string text =
        text_of_error<std::logic_error>([&] { static_cast<void>(load_ops(path_of("second"))); });
    CHECK(text.starts_with("load_ops: 4 of 4 op(s) of "));
    CHECK(text.find("/libmyops.so and at myops.cpp:") != std::string::npos);
    CHECK(names(load_ops(path_of("myops"))) == of_myops);
}

TEST_CASE("load_ops: a library of another xgrad's headers is refused before its code runs") {
    CHECK(
        text_of_error<IoError>([] { static_cast<void>(load_ops(path_of("old"))); }) ==
        "load_ops: " + path_of("old") +
            " was compiled with headers of layout 0, this program has 1; compile it with the "
            "headers of this xgrad");
}

TEST_CASE("load_ops: what is no plug-in") {
    CHECK(
        text_of_error<IoError>([] { static_cast<void>(load_ops("/no/such/lib.so")); }) ==
        "load_ops: /no/such/lib.so: No such file or directory; need the path of a shared library");
    const TempFolder folder;
    const std::string file = folder / "libtext.so";
    std::ofstream(file) << "a text\n";
    const std::string text = text_of_error<IoError>([&] { static_cast<void>(load_ops(file)); });
    CHECK(text.starts_with("load_ops: " + file + ": "));
    CHECK(text.ends_with(
        "; need a shared library made for this xgrad, in a program that was linked with -rdynamic "
        "or to the shared libxgrad"));
    CHECK(
        text_of_error<std::invalid_argument>([] {
            static_cast<void>(load_ops(path_of("empty")));
        }) == "load_ops: " + path_of("empty") +
                  " adds no op; need one that defines an xgrad::Op and is linked without "
                  "libxgrad.a");
}
