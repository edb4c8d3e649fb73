// What a checkpoint keeps, and what it refuses.
#include <nn/serialize.hpp>
#include <tests/nn/resume_run.hpp>
#include <tests/support.hpp>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

using namespace xgrad;
using namespace xgrad::test;

namespace {

using Metadata = std::map<std::string, std::string>;

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

// What load says of a file that does not fit, less its path.
template <class T>
std::string refusal(train::Checkpoint<T>& checkpoint, const std::filesystem::path& path) {
    const std::string text = text_of_error<std::invalid_argument>([&] { checkpoint.load(path); });
    const std::string prefix = "Checkpoint::load: \"" + path.string() + "\" ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::unique_ptr<Run<float>> run_of(const RunOptions& options, std::size_t optimizer = 6) {
    return std::make_unique<Run<float>>(
        options, all_optimizers<float>().at(optimizer).second, optim::schedule::exponential(0.9));
}

}  // namespace

TEST_CASE_TEMPLATE("numbers, texts and arrays come back with the same bits", T, float, double) {
    const TempFolder folder;
    const double inf = std::numeric_limits<double>::infinity();
    for (const double number :
         {0.1, 1e300, 5e-324, -0.0, 1.0 / 3, inf, -inf, std::nan(""), 9007199254740993.0}) {
        double d = number;
        std::uint64_t u = ~std::uint64_t{0};
        std::int64_t i = std::numeric_limits<std::int64_t>::min();
        int n = -7;
        bool flag = true;
        std::string text = "two\nlines, \"quoted\", \xC3\xA9";
        Array<T> array{T(0.1), T(-0.0), std::numeric_limits<T>::denorm_min()};
        const Array<T> expected = array;
        train::Checkpoint<T> checkpoint;
        checkpoint.track("d", d).track("u", u).track("i", i).track("n", n).track("flag", flag);
        checkpoint.track("text", text).track("array", array);
        checkpoint.save(folder / "x");
        d = 1, u = 2, i = 3, n = 4, flag = false, text = "", array = Array<T>{1};
        checkpoint.load(folder / "x");
        CHECK(std::memcmp(&d, &number, sizeof d) == 0);
        CHECK(u == ~std::uint64_t{0});
        CHECK(i == std::numeric_limits<std::int64_t>::min());
        CHECK(n == -7);
        CHECK(flag);
        CHECK(text == "two\nlines, \"quoted\", \xC3\xA9");
        check_same(array, expected);
    }
}

TEST_CASE("the file is safetensors: arrays by part, numbers as text") {
    const TempFolder folder;
    Rng rng(3);
    nn::Sequential net(nn::Dense(2, 1, rng), nn::Dropout(0.5, rng));
    optim::Adam adam(net.parameters(), {.lr = 0.1});
    std::uint64_t epoch = 7;
    train::Checkpoint<float> checkpoint;
    checkpoint.track("net", net).track("adam", adam).track("epoch", epoch).track("rng", rng);
    checkpoint.save(folder / "x");
    Metadata metadata;
    const auto arrays = nn::load<float>(folder / "x", &metadata);
    CHECK(arrays.size() == 6);
    check_same(arrays.at("net.0.weight"), net.state_dict().at("0.weight"));
    CHECK(arrays.contains("adam.0.bias.square"));
    CHECK(metadata.at("xgrad.version") == "1");
    CHECK(metadata.at("xgrad.scalar") == "float");
    CHECK(metadata.at("xgrad.crc32").size() == 8);
    CHECK(metadata.at("adam") == "Adam");
    CHECK(metadata.at("adam.lr") == "0.1");
    CHECK(metadata.at("epoch.value") == "7");
    CHECK(metadata.at("rng.value") == "3 0 " + std::to_string(rng.state().position) + " 0");
    CHECK(metadata.at("net.noise.1").ends_with(" 0"));
}

TEST_CASE("all that does not fit is listed, and then nothing has changed") {
    const TempFolder folder;
    // Another width, optimiser, batch size and shape of features; parts left out and added.
    const auto other = run_of({.width = 5, .batch_size = 10}, 0);
    other->normalizer.fit(random_array<float>({4, 2}, 1));
    std::uint64_t extra = 1;
    train::Checkpoint<float> file;
    file.track("rng", other->rng).track("model", other->net).track("optimizer", *other->optimizer);
    file.track("scheduler", other->scheduler).track("normalizer", other->normalizer);
    file.track("data", other->loader).track("extra", extra);
    file.track("stopping", other->history);
    file.save(folder / "other");

    const auto run = run_of({});
    run->train(3);
    run->checkpoint.save(folder / "before");
    const std::string text = refusal(run->checkpoint, folder / "other");
    run->checkpoint.save(folder / "after");
    CHECK(bytes_of(folder / "after") == bytes_of(folder / "before"));
    INFO(text);
    CHECK(
        text.starts_with("does not fit; need a file of the same parts:\n  \"plateau\": it is "
                         "missing\n  \"model\": load_state_dict: "));
    for (const char* line :
         {"\"0.weight\" has shape (5, 6), the module's has (8, 6);",
          "\"1.running_mean\" has shape (5,), the module's has (8,);",
          "\n  \"optimizer\": it is of kind \"SGD\"; need \"Adam\"",
          "\n  \"ema\": it is missing",
          "\n  \"data\": the order of the data differs: \"batch_size\" is 10, the loader's is 4",
          "\n  \"normalizer\": mean has shape (2,), the normaliser's has (6,)",
          "\n  \"loss\": it is missing",
          "\n  \"stopping\": it is of kind \"History\"; need \"EarlyStopping\"",
          "\n  \"epoch\": it is missing",
          "\n  \"extra\": it is not tracked"}) {
        INFO(line);
        CHECK(text.find(line) != std::string::npos);
    }
    CHECK(text.find("\"rng\"") == std::string::npos);
}

TEST_CASE("a network with other noise is refused by the path of its layer") {
    const TempFolder folder;
    Rng rng(1);
    nn::Sequential with(nn::Relu(), nn::Dropout(0.5, rng)), without(nn::Relu(), nn::Relu());
    train::Checkpoint<float> a, b;
    a.track("net", with);
    b.track("net", without);
    a.save(folder / "with");
    b.save(folder / "without");
    CHECK(
        refusal(b, folder / "with") ==
        "does not fit; need a file of the same parts:\n  \"net\": set_noise_keys: \"1\" is no "
        "noise layer of the module; the keys must come from a network of the same layers");
    CHECK(
        refusal(a, folder / "without") ==
        "does not fit; need a file of the same parts:\n  \"net\": set_noise_keys: \"1\" is "
        "missing; the keys must come from a network of the same layers");
}

TEST_CASE("weights alone, a newer version and the other scalar type are refused") {
    const TempFolder folder;
    const auto run = run_of({});
    nn::save(folder / "weights", run->net.state_dict());
    CHECK(
        refusal(run->checkpoint, folder / "weights") ==
        "has arrays but is no checkpoint; need a file of Checkpoint::save (nn::load reads "
        "weights)");
    nn::save(folder / "newer", run->net.state_dict(), {{"xgrad.version", "2"}});
    CHECK(refusal(run->checkpoint, folder / "newer") == "has version 2; need version 1");
    double number = 1;
    train::Checkpoint<double> other;
    other.track("number", number).save(folder / "double");
    CHECK(
        refusal(run->checkpoint, folder / "double") == "is of double; need a checkpoint of float");
    CHECK(
        text_of_error<IoError>([&] { run->checkpoint.load(folder / "none"); }) ==
        "load: \"" + (folder / "none").string() +
            "\": No such file or directory; need a safetensors file");
}

TEST_CASE("a file with any bit flipped, or cut anywhere, is refused, and nothing has changed") {
    const TempFolder folder;
    Rng rng(1);
    nn::Dense net(2, 2, rng);
    double number = 0.1;
    train::Checkpoint<float> checkpoint;
    checkpoint.track("net", net).track("number", number).save(folder / "x");
    const std::string whole = bytes_of(folder / "x");
    const auto weights = net.state_dict();
    const auto refused = [&](const std::string& bytes) {
        write(folder / "bad", bytes);
        try {
            checkpoint.load(folder / "bad");
        } catch (const std::exception&) {
            return same_bits(net.state_dict(), weights) && number == 0.1;
        }
        return false;
    };
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < whole.size() * 8; ++i) {
        if (whole[i / 8] == ' ')
            continue;  // the header's padding says nothing
        std::string bytes = whole;
        bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << (i % 8)));
        accepted += !refused(bytes);
    }
    for (std::size_t size = 0; size < whole.size(); ++size)
        accepted += !refused(whole.substr(0, size));
    CHECK(accepted == 0);
    CHECK_FALSE(refused(whole));

    std::string bytes = whole;
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write(folder / "bad", bytes);
    CHECK(
        text_of_error<IoError>([&] { checkpoint.load(folder / "bad"); }) ==
        "load: \"" + (folder / "bad").string() +
            "\": the contents do not match their checksum; need a file without damage");
}

TEST_CASE("load_tracked takes the model out of a run's file") {
    const TempFolder folder;
    const auto run = run_of({});
    run->train(3);
    run->checkpoint.save(folder / "x");
    const auto other = run_of({.seed = 2});
    train::Checkpoint<float> model;
    model.track("model", other->net);
    CHECK(refusal(model, folder / "x").starts_with("does not fit;"));
    model.load_tracked(folder / "x");
    CHECK(same_bits(other->net.state_dict(), run->net.state_dict()));
    double absent = 1;
    model.track("absent", absent);
    CHECK(text_of_error<std::invalid_argument>([&] {
              model.load_tracked(folder / "x");
          }).ends_with(":\n  \"absent\": it is missing"));
}

TEST_CASE("the averages of an EMA must not be in the place of the weights") {
    const TempFolder folder;
    const auto run = run_of({});
    run->train(2);
    run->checkpoint.save(folder / "x");
    run->ema.swap_in();
    const std::string text =
        "Checkpoint: the averages of the EMA are swapped in; need swap_out() before";
    CHECK(text_of_error<std::logic_error>([&] { run->checkpoint.save(folder / "y"); }) == text);
    CHECK(text_of_error<std::logic_error>([&] { run->checkpoint.load(folder / "x"); }) == text);
    run->ema.swap_out();
    run->checkpoint.load(folder / "x");
}

TEST_CASE("a normaliser is kept before and after its fit") {
    const TempFolder folder;
    data::Normalizer<float> normalizer;
    train::Checkpoint<float> checkpoint;
    checkpoint.track("normalizer", normalizer).save(folder / "before");
    normalizer.fit(random_array<float>({5, 3}, 1));
    const Array<float> mean = normalizer.mean();
    checkpoint.save(folder / "after");
    checkpoint.load(folder / "before");
    CHECK_FALSE(normalizer.fitted());
    checkpoint.load(folder / "after");
    check_same(normalizer.mean(), mean);
}

TEST_CASE("a schedule does not overrule the rate that the optimiser had") {
    const TempFolder folder;
    const auto run = run_of({});
    run->train(3);
    run->optimizer->set_lr(0.123);
    run->checkpoint.save(folder / "x");
    const auto other = run_of({});
    other->checkpoint.load(folder / "x");
    CHECK(other->optimizer->lr() == 0.123);
}

TEST_CASE("a refused file leaves the rate of an optimiser whose schedule alone is tracked") {
    const TempFolder folder;
    const auto run = run_of({});
    train::Checkpoint<float> file, checkpoint;
    std::uint64_t extra = 1;
    file.track("schedule", run->scheduler).track("extra", extra).save(folder / "x");
    checkpoint.track("schedule", run->scheduler);
    run->scheduler.step();
    run->optimizer->set_lr(0.123);
    CHECK(refusal(checkpoint, folder / "x").find("not tracked") != std::string::npos);
    CHECK(run->optimizer->lr() == 0.123);
    CHECK(run->scheduler.steps() == 1);
}

TEST_CASE("a class with a state of its own is tracked") {
    struct Counter {
        double count = 0;
        Array<float> seen = {1, 2};
        [[nodiscard]] optim::State<float> state_dict() const {
            return {"Counter", {{"seen", seen}}, {{"count", count}}};
        }
        void load_state_dict(const optim::State<float>& state) {
            count = state.numbers.at("count");
            seen = state.arrays.at("seen");
        }
    };
    const TempFolder folder;
    Counter a{3, {4, 5, 6}}, b;
    train::Checkpoint<float> one, two;
    one.track("counter", a).save(folder / "x");
    two.track("counter", b).load(folder / "x");
    CHECK(b.count == 3);
    check_same(b.seen, {4, 5, 6});
}

TEST_CASE("a name is refused that is taken or not valid, and a save of nothing") {
    const TempFolder folder;
    double number = 1;
    train::Checkpoint<float> checkpoint;
    CHECK(text_of_error<std::invalid_argument>([&] {
              checkpoint.save(folder / "x");
          }) == "Checkpoint::save: nothing is tracked; call track() before");
    checkpoint.track("a", number);
    const auto refused = [&](const char* name) {
        return text_of_error<std::invalid_argument>([&] { checkpoint.track(name, number); });
    };
    const std::string rule = "; a name is unique, not empty, not \"xgrad\", and without dots";
    CHECK(refused("a") == "Checkpoint::track: the name \"a\" is taken" + rule);
    for (const std::string name : {"", "xgrad", "a.b"}) {
        CHECK(
            refused(name.c_str()) ==
            "Checkpoint::track: the name \"" + name + "\" is not valid" + rule);
    }
}

TEST_CASE(
    "a number that does not fit its variable is refused, and so is one that is another kind") {
    const TempFolder folder;
    std::int64_t large = std::int64_t{1} << 40;
    int small = 7;
    bool flag = true;
    std::string text = "x";
    train::Checkpoint<float> wide, narrow;
    wide.track("n", large).track("f", text).save(folder / "x");
    narrow.track("n", small).track("f", flag);
    CHECK(
        refusal(narrow, folder / "x") ==
        "does not fit; need a file of the same parts:\n  \"n\": \"value\" is \"1099511627776\"; "
        "need a number in its range\n  \"f\": it is of kind \"text\"; need \"flag\"");
    CHECK(small == 7);
}

TEST_CASE("a failed save leaves the old file") {
    const TempFolder folder;
    double number = 1;
    std::string text = "fine";
    train::Checkpoint<float> checkpoint;
    checkpoint.track("number", number).track("text", text).save(folder / "x");
    text = "\xff";
    CHECK(
        text_of_error<IoError>([&] { checkpoint.save(folder / "x"); }) ==
        "save: \"" + (folder / "x").string() +
            "\": a name or the metadata is not UTF-8; need valid UTF-8");
    checkpoint.load(folder / "x");
    CHECK(text == "fine");
}
