// A recurrent network reads this library's headers and pages character by character, guesses what
// comes next in files it has not seen, and writes a few lines. Its measure is bits per character;
// it has to beat counting: minutes to leave trigrams behind, and with `--quick` seconds to leave
// single characters.
#include <autograd/parallel.hpp>
#include <examples/quick_option.hpp>
#include <nn/nn.hpp>
#include <nn/progress.hpp>
#include <nn/recurrent.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <numbers>
#include <sstream>

using namespace xgrad;
namespace fs = std::filesystem;

namespace {

// To learn from, to choose by, to judge by once; whole files each. In alphabetical order of files,
// the first ones alone when `quick`.
struct Texts {
    std::string train, dev, test;
};

Texts read_texts(bool quick) {
    const fs::path root = XGRAD_SOURCE;
    std::vector<fs::path> files;
    for (const char* folder : {"autograd", "nn", "ops"}) {
        for (const auto& entry : fs::directory_iterator(root / folder)) {
            const auto end = entry.path().extension();
            if (end == ".hpp" || end == ".md")
                files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    if (quick)
        files.resize(30);
    Texts texts;
    for (std::size_t i = 0; i < files.size(); ++i) {
        std::ostringstream text;
        text << std::ifstream(files[i]).rdbuf();
        (i % 10 == 4 ? texts.dev : i % 10 == 9 ? texts.test : texts.train) += text.str();
    }
    return texts;
}

// The characters by number.
class Alphabet {
public:
    explicit Alphabet(const Texts& texts) {
        for (const char c : texts.train + texts.dev + texts.test)
            numbers_.emplace(c, 0);
        for (auto& [c, number] : numbers_) {
            number = static_cast<std::int64_t>(characters_.size());
            characters_ += c;
        }
    }
    [[nodiscard]] std::size_t size() const { return characters_.size(); }
    [[nodiscard]] char character(std::size_t number) const { return characters_[number]; }
    [[nodiscard]] std::vector<std::int64_t> numbers(const std::string& text) const {
        std::vector<std::int64_t> all;
        for (const char c : text)
            all.push_back(numbers_.at(c));
        return all;
    }

private:
    std::map<char, std::int64_t> numbers_;
    std::string characters_;
};

// Counts of what followed the last n characters, smoothed by the guess from the last n - 1
// [MacKay and Peto 1995].
class Counts {
public:
    Counts(const std::string& text, std::size_t n, std::size_t characters)
        : n_(n),
          characters_(characters) {
        for (std::size_t i = n; i < text.size(); ++i) {
            for (std::size_t k = 0; k <= n; ++k)
                ++seen_[text.substr(i - k, k)][text[i]];
        }
    }
    [[nodiscard]] double bits(const std::string& text) const {
        double sum = 0;
        for (std::size_t i = n_; i < text.size(); ++i)
            sum -= std::log2(probability(text.substr(i - n_, n_), text[i]));
        return sum / static_cast<double>(text.size() - n_);
    }

private:
    [[nodiscard]] double probability(const std::string& before, char next) const {
        constexpr double strength = 4;
        const double rest = before.empty() ? 1 / static_cast<double>(characters_)
                                           : probability(before.substr(1), next);
        const auto found = seen_.find(before);
        if (found == seen_.end())
            return rest;
        double total = 0;
        for (const auto& [character, count] : found->second)
            total += static_cast<double>(count);
        const auto at = found->second.find(next);
        const double count = at == found->second.end() ? 0 : static_cast<double>(at->second);
        return (count + strength * rest) / (total + strength);
    }

    std::size_t n_, characters_;
    std::map<std::string, std::map<char, std::size_t>> seen_;
};

class Reader : public nn::Module<float> {
public:
    Reader(std::size_t characters, std::size_t hidden, Rng& rng)
        : embedding_(register_module(
              "embedding", std::make_shared<nn::Embedding<float>>(characters, 32, rng))),
          gru_(register_module("gru", std::make_shared<nn::GRU<float>>(32, hidden, rng))),
          out_(register_module(
              "out", std::make_shared<nn::Dense<float>>(hidden, characters, rng))) {}

    // Scores of the next character after each of x, (N, steps) to (N, steps, characters). The state
    // is moved on; gradients stop at it.
    Variable<float> read(const Variable<float>& x, nn::RecurrentState<float>& state) {
        const auto result = gru_->run((*embedding_)(x), state);
        state.h = result.state.h.detach();
        return (*out_)(result.y);
    }
    Variable<float> forward(const Variable<float>& x) override {
        nn::RecurrentState<float> state;
        return read(x, state);
    }
    std::string describe() const override { return "Reader"; }

private:
    std::shared_ptr<nn::Embedding<float>> embedding_;
    std::shared_ptr<nn::GRU<float>> gru_;
    std::shared_ptr<nn::Dense<float>> out_;
};

// A text as `streams` strips side by side, read in windows of `steps` characters: calls
// visit(cost of the window).
template <class Visit>
void for_each_window(
    Reader& reader,
    const std::vector<std::int64_t>& text,
    std::size_t streams,
    std::size_t steps,
    Visit visit) {
    const std::size_t length = (text.size() - 1) / streams;
    nn::RecurrentState<float> state;
    for (std::size_t first = 0; first + steps <= length; first += steps) {
        Array<float> x = empty<float>({streams, steps});
        std::vector<std::int64_t> next;
        for (std::size_t n = 0; n < streams; ++n) {
            for (std::size_t t = 0; t < steps; ++t) {
                const std::size_t at = n * length + first + t;
                x(n, t) = static_cast<float>(text[at]);
                next.push_back(text[at + 1]);
            }
        }
        const auto scores = reader.read(Variable<float>(std::move(x)), state);
        visit(cross_entropy(flatten(scores, 0, 1), next));
    }
}

double bits(Reader& reader, const std::vector<std::int64_t>& text) {
    const NoGradGuard no_grad;
    double sum = 0, windows = 0;
    for_each_window(reader, text, 8, 64, [&](const Variable<float>& cost) {
        sum += cost.item();
        ++windows;
    });
    return sum / windows / std::numbers::ln2;
}

// Draws characters from the scores, sharpened; each one is read in turn.
std::string write(Reader& reader, const Alphabet& alphabet, std::string text, std::size_t length) {
    const NoGradGuard no_grad;
    constexpr float sharpness = 1.5F;
    Rng rng(7);
    nn::RecurrentState<float> state;
    auto numbers = alphabet.numbers(text);
    for (std::size_t i = 0; i < length; ++i) {
        Array<float> x = empty<float>({1, numbers.size()});
        std::ranges::copy(numbers, x.begin());
        const auto scores = reader.read(Variable<float>(std::move(x)), state);
        const auto last = slice(scores, 1, numbers.size() - 1, numbers.size());
        const auto chances = softmax(last * sharpness).value();
        double left = rng.uniform();
        std::size_t next = 0;
        while (next + 1 < alphabet.size() && (left -= chances.data()[next]) > 0)
            ++next;
        text += alphabet.character(next);
        numbers = {static_cast<std::int64_t>(next)};
    }
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    const bool quick = quick_option(argc, argv);
    set_num_threads(2);  // the result does not depend on it, not by a bit
    const Texts texts = read_texts(quick);
    const Alphabet alphabet(texts);
    const auto train = alphabet.numbers(texts.train), dev = alphabet.numbers(texts.dev);
    std::printf("%zu characters to learn from, %zu kinds\n", train.size(), alphabet.size());

    Rng rng(1);
    Reader reader(alphabet.size(), quick ? 64 : 256, rng);
    const std::size_t epochs = quick ? 6 : 12, streams = quick ? 16 : 32, steps = 64;
    const std::size_t windows = (train.size() - 1) / streams / steps;
    optim::Adam adam(reader.parameters(), {.lr = 5e-3});
    optim::Scheduler scheduler(adam, optim::schedule::cosine(epochs * windows));
    train::EarlyStopping<float> best({.patience = 3});
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
        ProgressBar bar(stdout, "epoch " + std::to_string(epoch), windows);
        std::size_t done = 0;
        for_each_window(reader, train, streams, steps, [&](const Variable<float>& cost) {
            cost.backward();
            optim::clip_grad_norm(reader.parameters(), 1);
            adam.step();
            adam.zero_grad();
            scheduler.step();
            bar.update(++done, std::to_string(cost.item() / std::numbers::ln2) + " bits");
        });
        const double on_dev = bits(reader, dev);
        std::printf("epoch %2zu: %.3f bits a character on dev\n", epoch, on_dev);
        std::fflush(stdout);
        if (best.update(on_dev, reader))
            break;
    }
    best.restore(reader);

    std::printf("\n%s\n\n", write(reader, alphabet, "/// The ", 300).c_str());
    const double needed = Counts(texts.train, quick ? 0 : 2, alphabet.size()).bits(texts.test);
    const double reached = bits(reader, alphabet.numbers(texts.test));
    std::printf(
        "%.3f bits a character on unseen files, %.3f by counting %s; need 0.8 times that\n",
        reached,
        needed,
        quick ? "characters" : "trigrams");
    return reached <= 0.8 * needed ? 0 : 1;
}
