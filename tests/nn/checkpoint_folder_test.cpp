#include <nn/checkpoint_folder.hpp>
#include <tests/support.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

using namespace xgrad;
using namespace xgrad::test;
using train::CheckpointFolder;

namespace {

// A number that is all there is of a run.
struct Count {
    double value = 0;
    train::Checkpoint<float> checkpoint;
    Count() { checkpoint.track("value", value); }
    Count(const Count&) = delete;
    Count& operator=(const Count&) = delete;

    void save(CheckpointFolder& folder, std::uint64_t step, std::optional<double> error = {}) {
        value = static_cast<double>(step);
        folder.save(checkpoint, step, error);
    }
};

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

void cut_short(const std::filesystem::path& path) {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
}

std::string name(int step, const std::string& error = "") {
    std::string number = std::to_string(step);
    number.insert(0, 12 - number.size(), '0');
    return "step-" + number + (error.empty() ? "" : "-error-" + error) + ".safetensors";
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the latest stay, and the best one") {
    const TempFolder folder;
    CheckpointFolder checkpoints(folder / "run", {.keep = 2});
    Count count;
    int step = 0;
    for (const double error : {0.5, 0.25, 0.375, 0.25, 1e-3, 2.0, 3.0, 4.0})
        count.save(checkpoints, static_cast<std::uint64_t>(step += 10), error);
    CHECK(names_in(folder / "run") == Names{name(50, "0.001"), name(70, "3"), name(80, "4")});
    CHECK(checkpoints.load_best(count.checkpoint).file->error == 1e-3);
    CHECK(count.value == 50);
    CHECK(checkpoints.load_latest(count.checkpoint).file->step == 80);
    CHECK(count.value == 80);
}

TEST_CASE("the first of equals is the best, and the best is kept among those without an error") {
    const TempFolder folder;
    CheckpointFolder checkpoints(folder / "run", {.keep = 1});
    Count count;
    count.save(checkpoints, 1, 0.5);
    count.save(checkpoints, 2, 0.5);
    CHECK(names_in(folder / "run") == Names{name(1, "0.5"), name(2, "0.5")});
    count.save(checkpoints, 3);
    CHECK(names_in(folder / "run") == Names{name(1, "0.5"), name(3)});
    count.save(checkpoints, 4, -std::numeric_limits<double>::infinity());
    CHECK(names_in(folder / "run") == Names{name(4, "-inf")});

    CheckpointFolder no_best(folder / "other", {.keep = 1, .keep_best = false});
    count.save(no_best, 1, 0.5);
    count.save(no_best, 2, 1);
    CHECK(names_in(folder / "other") == Names{name(2, "1")});
}

TEST_CASE("a damaged file is passed over with a warning, and goes with the next save") {
    const TempFolder folder;
    Count count;
    {
        CheckpointFolder checkpoints(folder / "run");
        for (const std::uint64_t step : {10, 20, 30})
            count.save(checkpoints, step, 0.5);
    }
    cut_short(folder / "run" / name(30, "0.5"));
    CheckpointFolder checkpoints(folder / "run", {.keep = 1});
    const auto latest = checkpoints.latest();
    CHECK(latest.file->step == 20);
    const auto found = checkpoints.load_latest(count.checkpoint);
    REQUIRE(found.file);
    CHECK(found.file->path == folder / "run" / name(20, "0.5"));
    CHECK(count.value == 20);
    REQUIRE(found.warnings.size() == 1);
    CHECK(found.warnings == latest.warnings);
    CHECK(found.warnings[0].starts_with(
        "load: \"" + (folder / "run" / name(30, "0.5")).string() + "\": "));
    count.save(checkpoints, 25, 1);
    CHECK(names_in(folder / "run") == Names{name(10, "0.5"), name(25, "1")});
}

TEST_CASE("a file that cannot be read is not taken for damaged, and stays") {
    const TempFolder folder;
    const auto newest = folder / "run" / name(30, "0.5");
    std::filesystem::create_directory(folder / "disk");
    Count count;
    {
        CheckpointFolder checkpoints(folder / "run");
        for (const std::uint64_t step : {10, 20, 30})
            count.save(checkpoints, step, 0.5);
        std::filesystem::rename(newest, folder / "disk/30");
        std::filesystem::create_symlink("../disk/30", newest);
    }
    const auto check_unread = [&](const std::string& fault) {
        CheckpointFolder checkpoints(folder / "run");
        const std::string text =
            "load: \"" + newest.string() + "\": " + fault + "; need a safetensors file";
        CHECK(text_of_error<IoError>([&] { checkpoints.load_latest(count.checkpoint); }) == text);
        CHECK(text_of_error<IoError>([&] { static_cast<void>(checkpoints.latest()); }) == text);
        CHECK(text_of_error<std::invalid_argument>([&] { count.save(checkpoints, 40); }) != "");
        CHECK(names_in(folder / "run") == Names{name(10, "0.5"), name(20, "0.5"), name(30, "0.5")});
    };
    std::filesystem::rename(folder / "disk", folder / "away");
    check_unread("No such file or directory");
    std::filesystem::create_symlink("disk", folder / "disk");
    check_unread("Too many levels of symbolic links");
    std::filesystem::remove(folder / "disk");
    std::filesystem::rename(folder / "away", folder / "disk");
    if (::geteuid() != 0) {  // root may read everything
        std::filesystem::permissions(newest, std::filesystem::perms::none);
        check_unread("Permission denied");
        std::filesystem::permissions(newest, std::filesystem::perms::owner_read);
    }
    CheckpointFolder checkpoints(folder / "run");
    CHECK(checkpoints.load_latest(count.checkpoint).file->step == 30);
    CHECK(count.value == 30);
}

TEST_CASE("a folder in which all are damaged is not taken for an empty one") {
    const TempFolder folder;
    Count count;
    CheckpointFolder checkpoints(folder / "run");
    CHECK_FALSE(checkpoints.latest().file);
    CHECK_FALSE(checkpoints.load_latest(count.checkpoint).file);
    CHECK_FALSE(checkpoints.load_best(count.checkpoint).file);
    count.save(checkpoints, 10);
    std::filesystem::resize_file(folder / "run" / name(10), 3);
    const std::string text =
        "CheckpointFolder: all 1 checkpoints are damaged; need one that is "
        "whole, or an empty folder to start again:\n  load: \"" +
        (folder / "run" / name(10)).string() + "\": the file has 3 bytes; need at least 8";
    CHECK(text_of_error<IoError>([&] { checkpoints.load_latest(count.checkpoint); }) == text);
    CHECK(text_of_error<IoError>([&] { static_cast<void>(checkpoints.latest()); }) == text);
}

TEST_CASE("a whole file that does not fit is an error, not damage") {
    const TempFolder folder;
    Count count;
    CheckpointFolder checkpoints(folder / "run");
    count.save(checkpoints, 10);
    double other = 0;
    train::Checkpoint<float> more;
    more.track("value", count.value).track("other", other);
    CHECK(
        text_of_error<std::invalid_argument>([&] { checkpoints.load_latest(more); }) ==
        "Checkpoint::load: \"" + (folder / "run" / name(10)).string() +
            "\" does not fit; need a file of the same parts:\n  \"other\": it is missing");
}

TEST_CASE("from the best one the run goes on, and what was newer goes") {
    const TempFolder folder;
    CheckpointFolder checkpoints(folder / "run", {.keep = 3});
    Count count;
    for (const std::uint64_t step : {10, 20, 30, 40})
        count.save(checkpoints, step, std::abs(static_cast<double>(step) - 20));
    checkpoints.load_best(count.checkpoint);
    CHECK(count.value == 20);
    CHECK(names_in(folder / "run").size() == 3);  // nothing goes before the next is safe
    count.save(checkpoints, 25, 5);
    CHECK(names_in(folder / "run") == Names{name(20, "0"), name(25, "5")});
}

TEST_CASE("what killed runs left half written goes, and nothing else") {
    const TempFolder folder;
    CheckpointFolder checkpoints(folder / "run");
    Count count;
    const Names strangers{
        "model.safetensors",
        "notes.txt",
        "step-1.safetensors.old",
        "step-1-error-nan.safetensors",
        "step-x.safetensors",
        "step-7.txt.part1"};
    for (const std::string& stranger : strangers)
        std::ofstream(folder / "run" / stranger) << "mine";
    std::ofstream(folder / "run" / (name(10) + ".part123")) << "half";
    std::ofstream(folder / "run" / (name(11, "0.5") + ".part00ff")) << "half";
    CHECK(checkpoints.files().empty());
    count.save(checkpoints, 12);
    Names expected = strangers;
    expected.push_back(name(12));
    std::ranges::sort(expected);
    CHECK(names_in(folder / "run") == expected);
    // The same step again, with an error now.
    count.save(checkpoints, 12, 0.5);
    std::ranges::replace(expected, name(12), name(12, "0.5"));
    std::ranges::sort(expected);
    CHECK(names_in(folder / "run") == expected);
}

TEST_CASE("a folder of another run, a step that falls and an error of nan are refused") {
    const TempFolder folder;
    Count count;
    {
        CheckpointFolder checkpoints(folder / "run");
        count.save(checkpoints, 10);
    }
    CheckpointFolder checkpoints(folder / "run");
    const auto refused = [&](std::uint64_t step, std::optional<double> error = {}) {
        return text_of_error<std::invalid_argument>([&] { count.save(checkpoints, step, error); });
    };
    CHECK(
        refused(20) == "CheckpointFolder::save: \"" + (folder / "run").string() +
                           "\" has step 10 of an earlier run; need load_latest() or load_best() "
                           "before, or another folder");
    checkpoints.load_latest(count.checkpoint);
    CHECK(
        refused(9) ==
        "CheckpointFolder::save: step 9 comes after step 10; need steps that do not fall");
    CHECK(
        refused(20, std::nan("")) ==
        "CheckpointFolder::save: the error of step 20 is nan; need a number (did the training "
        "diverge?)");
    CHECK(names_in(folder / "run") == Names{name(10)});
    CHECK(text_of_error<std::invalid_argument>([&] {
              CheckpointFolder(folder / "run", {.keep = 0});
          }) == "CheckpointFolder: keep is 0; need at least 1");
    std::ofstream(folder / "file") << "x";
    CHECK(
        text_of_error<IoError>([&] { CheckpointFolder(folder / "file/run"); }) ==
        "CheckpointFolder: \"" + (folder / "file/run").string() +
            "\": Not a directory; need a folder, or a path where one can be made");
}
