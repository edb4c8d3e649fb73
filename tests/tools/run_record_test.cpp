#include <nn/fit.hpp>
#include <nn/serialize.hpp>
#include <tests/support.hpp>
#include <tests/tools/run_support.hpp>
#include <tools/run_environment.hpp>
#include <tools/run_read.hpp>
#include <tools/run_record.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <optional>

using namespace xgrad;
using namespace xgrad::report;
using test::FakeRun;
using test::TempFolder;
using test::text_in;
using test::text_of_error;
using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

Json json_in(const fs::path& path) { return Json::parse(text_in(path)); }

// A run that ended, of two epochs.
void finished_run(const fs::path& folder, const RunOptions& options = {}) {
    FakeRun run;
    RunRecorder<float> recorder(folder, options);
    recorder.on_start(run.state);
    run.epoch(recorder, 0.5, 0.25);
    run.epoch(recorder, 0.25, 0.125);
    recorder.on_end(run.state);
}

}  // namespace

TEST_CASE("a setting is made from truth values, numbers and texts, and keeps each digit") {
    CHECK(Setting(true).text() == "true");
    CHECK(Setting(-3).text() == "-3");
    CHECK(Setting(std::uint64_t{18446744073709551615U}).text() == "18446744073709551615");
    CHECK(Setting(0.1).text() == "0.1");
    CHECK(Setting(1e-3).text() == "0.001");
    CHECK(Setting("Adam").text() == "Adam");
    CHECK(Setting(0.5F).text() == "0.5");
}

TEST_CASE("a run leaves its folder: settings, metrics, environment, verdicts and weights") {
    const TempFolder folder;
    FakeRun run;
    const fs::path path = folder / "runs" / "a";
    RunRecorder<float> recorder(
        path, {.settings = {{"width", 512}, {"name", "a \"b\""}}, .seed = 7});
    recorder.on_start(run.state);
    run.epoch(recorder, 0.5, 0.25);
    recorder.on_end(run.state);
    recorder.verdict({"diagnosis", "high bias", {"a bigger network"}});
    recorder.verdict({"diagnosis", "high variance", {"more data"}});
    recorder.result("test error", 0.125);

    const Json settings = json_in(path / "settings.json");
    CHECK(settings["run"] == Json{{"width", 512}, {"name", "a \"b\""}, {"seed", 7}});
    CHECK(
        settings["fit"] == Json{
                               {"model", run.net.describe()},
                               {"parameters", 8},
                               {"optimizer", "Adam"},
                               {"lr", 0.25},
                               {"epochs", 3},
                               {"batches", 0},
                               {"train rows", 2},
                               {"dev rows", 2}});
    CHECK(
        text_in(path / "metrics.csv") ==
        "epoch,train_cost,train_error,dev_cost,dev_error,lr,seconds\n1,0.5,0.25,1,0.5,0.25,0.5\n");
    CHECK(
        text_in(path / "metrics.jsonl") ==
        "{\"epoch\":1,\"train_cost\":0.5,\"train_error\":0.25,\"dev_cost\":1.0,\"dev_error\":0.5,"
        "\"lr\":0.25,\"seconds\":0.5}\n");
    const Json verdicts = json_in(path / "verdicts.json");
    CHECK(
        verdicts["verdicts"] ==
        Json::array(
            {{{"name", "diagnosis"}, {"text", "high variance"}, {"details", {"more data"}}}}));
    CHECK(verdicts["results"] == Json{{"test error", 0.125}});
    CHECK(nn::load<float>(path / "model.safetensors").size() == 2);
    const Json state = json_in(path / "run.json");
    CHECK(state["status"] == "finished");
    CHECK(state["epochs"] == 1);
    CHECK(state["stopped"] == "");
    const Json place = json_in(path / "environment.json");
    for (const char* name : {"xgrad", "compiler", "blas", "isa", "cpu", "os", "date"})
        CHECK_MESSAGE(place.value(name, "") != "", name);
    CHECK(place["threads"] == 1);
}

TEST_CASE("a line of metrics is in the file as soon as its epoch is over") {
    const TempFolder folder;
    FakeRun run;
    RunRecorder<float> recorder(folder / "a");
    recorder.on_start(run.state);
    for (std::size_t epoch = 1; epoch <= 3; ++epoch) {
        run.epoch(recorder, 0.5, 0.25);
        const RunRecord record = read_run(folder / "a");
        CHECK(record.history.size() == epoch);
        CHECK(record.status == RunRecord::Status::running);
    }
}

TEST_CASE("metrics of one's own get a column, also one that comes later, and empty cells before") {
    const TempFolder folder;
    FakeRun run;
    RunRecorder<float> recorder(folder / "a");
    run.state.dev = nullptr;
    recorder.on_start(run.state);
    run.add(0.5, 0.25, {{"f1", 0.75}});
    recorder.on_epoch(run.state);
    run.add(0.5, 0.25, {{"a, \"b\"", 1}, {"f1", 0.5}});
    recorder.on_epoch(run.state);
    run.add(std::numeric_limits<double>::quiet_NaN(), 0.25, {{"f1", 0.25}});
    recorder.on_epoch(run.state);
    CHECK(
        text_in(folder / "a" / "metrics.csv") ==
        "epoch,train_cost,train_error,lr,seconds,\"a, \"\"b\"\"\",f1\n"
        "1,0.5,0.25,0.25,0.5,,0.75\n"
        "2,0.5,0.25,0.25,0.5,1,0.5\n"
        "3,nan,0.25,0.25,0.5,,0.25\n");
    const RunRecord record = read_run(folder / "a");
    CHECK(record.history[1].metrics == run.history[1].metrics);
    CHECK(std::isnan(record.history[2].train.cost));
    CHECK_FALSE(record.has_dev());
}

TEST_CASE("a run that was killed goes on in the same files, each epoch once") {
    const TempFolder folder;
    const fs::path path = folder / "a";
    {
        FakeRun killed;
        RunRecorder<float> recorder(path);
        recorder.on_start(killed.state);
        killed.epoch(recorder, 0.5, 0.25);
        killed.epoch(recorder, 0.25, 0.125);
        killed.epoch(recorder, 0.125, 0.125);  // after the last checkpoint
        recorder.verdict({"diagnosis", "low bias", {}});
        recorder.result("dev error", 0.25);
    }
    CHECK(read_run(path).status == RunRecord::Status::unfinished);
    std::ofstream(path / "metrics.jsonl", std::ios::app) << "{\"epoch\":4,\"tr";  // torn
    CHECK(read_run(path).history.size() == 3);

    FakeRun resumed;
    resumed.add(0.5, 0.25);
    resumed.add(0.25, 0.125);
    RunRecorder<float> recorder(path);
    recorder.on_start(resumed.state);
    CHECK(read_run(path).history.size() == 2);
    CHECK(read_run(path).verdicts.at(0).text == "low bias");
    CHECK(read_run(path).results.at("dev error") == 0.25);
    resumed.epoch(recorder, 0.0625, 0.125);
    recorder.on_end(resumed.state);
    const TempFolder other;
    FakeRun whole;
    RunRecorder<float> once(other / "a");
    once.on_start(whole.state);
    for (const train::EpochRecord& epoch : resumed.history)
        whole.epoch(once, epoch.train.cost, epoch.train.error);
    for (const char* name : {"metrics.csv", "metrics.jsonl"})
        CHECK(text_in(path / name) == text_in(other / "a" / name));
    CHECK(json_in(path / "run.json")["resumed"].size() == 1);
    CHECK(json_in(path / "environment.json")["earlier"].size() == 1);
}

TEST_CASE("a run that was stopped says why, and may go on") {
    const TempFolder folder;
    FakeRun run;
    {
        RunRecorder<float> recorder(folder / "a");
        recorder.on_start(run.state);
        run.epoch(recorder, 0.5, 0.25);
        run.state.reason = "interrupted";
        recorder.on_end(run.state);
    }
    CHECK(read_run(folder / "a").status == RunRecord::Status::stopped);
    CHECK(read_run(folder / "a").stopped == "interrupted");
    RunRecorder<float> again(folder / "a");
    again.on_start(run.state);
    run.state.reason = "";
    run.epoch(again, 0.25, 0.125);
    again.on_end(run.state);
    CHECK(read_run(folder / "a").status == RunRecord::Status::finished);
    CHECK(read_run(folder / "a").history.size() == 2);
}

TEST_CASE("fit() killed between two checkpoints leaves the record of a run that was not") {
    const TempFolder folder;
    // Throws after an epoch, as a kill would come: the record has the epoch, the checkpoint has
    // not.
    class Killer : public train::Callback<float> {
        void on_epoch(train::FitState<float>& state) override {
            if (state.history.size() == 2)
                throw std::runtime_error("killed");
        }
    };
    const auto train = [&](const char* name, bool kill) {
        FakeRun run;
        const auto recorder = std::make_shared<RunRecorder<float>>(folder / name);
        train::FitOptions<float> options{
            .epochs = 4, .batch_size = 1, .checkpoint = folder / name / "checkpoint"};
        options.callbacks = {recorder};
        if (kill)
            options.callbacks.push_back(std::make_shared<Killer>());
        train::fit(run.net, {run.train, run.train}, options);
    };
    train("whole", false);
    CHECK_THROWS_WITH_AS(train("killed", true), "killed", std::runtime_error);
    CHECK(read_run(folder / "killed").history.size() == 2);
    train("killed", false);
    const RunRecord whole = read_run(folder / "whole"), killed = read_run(folder / "killed");
    CHECK(killed.status == RunRecord::Status::finished);
    REQUIRE(killed.history.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(killed.history[i].train.cost == whole.history[i].train.cost);
        CHECK(killed.history[i].dev.error == whole.history[i].dev.error);
    }
    CHECK(
        text_in(folder / "killed" / "model.safetensors") ==
        text_in(folder / "whole" / "model.safetensors"));
    CHECK(whole.settings.at("optimizer").text() == "Adam");
    CHECK(whole.settings.at("batches").text() == "2");
}

TEST_CASE("a folder that is taken is refused") {
    const TempFolder folder;
    finished_run(folder / "a");
    const std::string a = (folder / "a").string();
    CHECK(text_of_error<IoError>([&] {
              RunRecorder<float>{folder / "a"};
          }) == a + ": holds a finished run; need another folder, as new_run_folder() makes");
    write(folder / "b" / "notes.txt", "mine");
    CHECK(
        text_of_error<IoError>([&] { RunRecorder<float>{folder / "b"}; }) ==
        (folder / "b").string() +
            ": holds notes.txt and no run.json; need a new or empty folder, or that of a run");
    const RunRecorder<float> at_work(folder / "c");
    CHECK(
        text_of_error<IoError>([&] { RunRecorder<float>{folder / "c"}; }) ==
        (folder / "c").string() + ": another run is writing there; need a folder of its own");
    CHECK(text_of_error<IoError>([&] {
              RunRecorder<float>{folder / "b" / "notes.txt"};
          }).starts_with((folder / "b" / "notes.txt").string() + ": cannot be "));
}

TEST_CASE("names of folders do not clash") {
    const TempFolder folder;
    CHECK(new_run_folder(folder / "runs", "a") == folder / "runs" / "a");
    CHECK(new_run_folder(folder / "runs", "a") == folder / "runs" / "a-2");
    write(folder / "runs" / "a-3", "a file");
    CHECK(new_run_folder(folder / "runs", "a") == folder / "runs" / "a-4");
    CHECK(
        text_of_error<std::invalid_argument>(
            [&] { static_cast<void>(new_run_folder(folder.path(), "a/b")); }) ==
        "new_run_folder: the name is \"a/b\"; need one without slash that does not start with a "
        "dot");
    CHECK_THROWS_AS(static_cast<void>(new_run_folder(folder.path(), "..")), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(new_run_folder(folder / "runs" / "a-3")), IoError);
}

TEST_CASE("what a run has left is read back") {
    const TempFolder folder;
    {
        FakeRun run;
        RunRecorder<float> recorder(
            folder / "a", {.settings = {{"lr", 0.125}, {"flip", true}, {"text", "x"}}});
        recorder.on_start(run.state);
        run.epoch(recorder, 0.5, 0.25);
        run.epoch(recorder, 0.25, 0.125);
        run.epoch(recorder, 0.125, 0.125);
        recorder.verdict({"diagnosis", "high bias", {"a", "b"}});
        recorder.result("test error", 0.25);
        recorder.on_end(run.state);
    }
    const RunRecord run = read_run(folder / "a");
    CHECK(run.status == RunRecord::Status::finished);
    CHECK(run.settings.at("lr").text() == "0.125");  // the caller's, before the optimiser's
    CHECK(run.settings.at("flip").text() == "true");
    CHECK(run.settings.at("optimizer").text() == "Adam");
    CHECK(run.best_epoch() == 2);
    CHECK(run.history[0].dev.cost == 1);
    CHECK(run.seconds() == 1.5);
    CHECK(run.verdicts.at(0).details == std::vector<std::string>{"a", "b"});
    CHECK(run.results.at("test error") == 0.25);
}

TEST_CASE("a broken folder is named with the file and its fault") {
    const TempFolder folder;
    const fs::path path = folder / "a";
    const auto fault = [&] {
        return text_of_error<IoError>([&] { static_cast<void>(read_run(path)); });
    };
    CHECK(fault() == (path / "run.json").string() + ": cannot be read; need a JSON file");
    finished_run(path);
    write(path / "metrics.jsonl", "{\"epoch\":1}\nabc\n");
    CHECK(fault() == (path / "metrics.jsonl").string() + ": line 2 is no epoch's record");
    write(path / "settings.json", "{\"run\": {},\n 5}");
    CHECK(fault().starts_with((path / "settings.json").string() + ": no JSON at line 2, column 2"));
    write(path / "settings.json", "{\"run\": {}}");
    CHECK(
        fault() == (path / "settings.json").string() +
                       ": key 'fit' not found; need what a RunRecorder writes");
    write(path / "settings.json", "{\"run\": 3, \"fit\": null}");
    CHECK(fault().starts_with((path / "settings.json").string() + ": "));
}

TEST_CASE("runs are found at any depth, in the order of their numbers") {
    const TempFolder folder;
    for (const char* name : {"run-10", "run-2", "group/run-1"})
        write(folder / name / "run.json", "{}");
    write(folder / "other" / "a.txt", "");
    CHECK(
        find_runs(folder.path()) ==
        std::vector<fs::path>{folder / "group" / "run-1", folder / "run-2", folder / "run-10"});
    CHECK(text_of_error<IoError>([&] {
              static_cast<void>(find_runs(folder / "none"));
          }) == (folder / "none").string() + ": is no folder; need one with runs below it");
    CHECK(name_before("a2", "a10"));
    CHECK_FALSE(name_before("a10", "a2"));
    CHECK(name_before("a", "a2"));
    CHECK_FALSE(name_before("a", "a"));
}

TEST_CASE("the commit is read from a branch, a packed one, a detached head and a worktree") {
    const TempFolder folder;
    const std::string first(40, 'a'), second(40, 'b');
    CHECK(git_commit(folder.path()) == std::nullopt);
    const fs::path git = folder / "project" / ".git";
    write(git / "HEAD", "ref: refs/heads/main\n");
    CHECK(git_commit(folder / "project") == std::nullopt);
    write(git / "packed-refs", "# pack-refs\n" + second + " refs/heads/main\n");
    CHECK(git_commit(folder / "project") == second);
    write(git / "refs" / "heads" / "main", first + "\n");
    fs::create_directories(folder / "project" / "deep" / "er");
    CHECK(git_commit(folder / "project" / "deep" / "er") == first);
    write(git / "worktrees" / "w" / "HEAD", "ref: refs/heads/main\n");
    write(git / "worktrees" / "w" / "commondir", "../..\n");
    write(folder / "w" / ".git", "gitdir: ../project/.git/worktrees/w\n");
    CHECK(git_commit(folder / "w") == first);
    write(git / "HEAD", second + "\n");
    CHECK(git_commit(folder / "project") == second);
    write(git / "HEAD", "nonsense\n");
    CHECK(git_commit(folder / "project") == std::nullopt);
}
