// A run that is cut off goes on from its last checkpoint as if nothing had happened: bit for bit.
#include <nn/checkpoint_folder.hpp>
#include <nn/nn.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

using namespace xgrad;

namespace {

// Points inside a ring and outside of it.
data::Dataset<float> ring(std::size_t rows) {
    Rng rng(5);
    Array<float> x = init::normal<float>({rows, 2}, rng);
    data::Labels y(rows);
    for (std::size_t i = 0; i < rows; ++i)
        y[i] = std::hypot(x(i, 0), x(i, 1)) > 1.2F;
    return {std::move(x), std::move(y), 2};
}

// Unlike ==, also of zeros of either sign and of NaNs.
bool same_bits(const nn::StateDict<float>& a, const nn::StateDict<float>& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        const Array<float>&v = x.second, &w = y.second;
        return x.first == y.first && v.shape() == w.shape() &&
               std::memcmp(v.data(), w.data(), v.size() * sizeof(float)) == 0;
    });
}

// Trains for up to `epochs` epochs, or for `steps` steps: then the power fails. Returns the
// weights.
nn::StateDict<float> run(const std::filesystem::path& path, std::size_t epochs, std::size_t steps) {
    const data::Dataset<float> dataset = ring(500);
    Rng rng(7);
    nn::Sequential net(
        nn::Dense(2, 24, rng),
        nn::BatchNorm1d(24),
        nn::Relu(),
        nn::Dropout(0.9, rng),
        nn::Dense(24, 2, rng));
    optim::Adam adam(net.parameters(), {.lr = 0.02});
    optim::Scheduler schedule(adam, optim::schedule::cosine(400));
    const data::DataLoader loader(dataset, {.batch_size = 25});
    std::uint64_t epoch = 0, batch = 0, step = 0;

    // Weights, running means and masks; Adam's means; the rate; the order of the data; the place.
    train::Checkpoint<float> checkpoint;
    checkpoint.track("model", net).track("adam", adam).track("schedule", schedule);
    checkpoint.track("data", loader).track("epoch", epoch).track("batch", batch);
    checkpoint.track("step", step);

    train::CheckpointFolder folder(path, {.keep = 2});
    const auto found = folder.load_latest(checkpoint);
    for (const std::string& warning : found.warnings)
        std::printf("  passed over: %s\n", warning.c_str());
    std::printf("from step %3zu (epoch %2zu, batch %2zu) ", step, epoch, batch);

    for (; epoch < epochs; ++epoch, batch = 0) {
        for (const auto& [x, y] : loader.epoch(epoch, batch)) {
            if (steps-- == 0) {
                std::printf("cut off at step %3zu\n", step);
                return net.state_dict();
            }
            cross_entropy(net(x), y).backward();
            adam.step();
            adam.zero_grad();
            schedule.step();
            ++batch;
            if (++step % 30 == 0)
                folder.save(checkpoint, step);
        }
    }
    std::printf("to the end, error %.3f\n", train::evaluate(net, dataset).error);
    return net.state_dict();
}

}  // namespace

int main() {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("xgrad-example-" + std::to_string(::getpid()));

    const auto whole = run(path / "whole", 15, 1000);
    run(path / "parts", 15, 130);
    run(path / "parts", 15, 95);

    // The newest file is damaged: the one before it serves, and the steps between are done again.
    const auto newest = train::CheckpointFolder(path / "parts").latest().file->path;
    std::filesystem::resize_file(newest, 100);
    const auto resumed = run(path / "parts", 15, 1000);

    const std::size_t kept = train::CheckpointFolder(path / "parts").files().size();
    std::filesystem::remove_all(path);
    const bool same = same_bits(resumed, whole);
    std::printf("the weights are %s, %zu files were kept\n", same ? "the same" : "others", kept);
    return same && kept == 2 ? 0 : 1;
}
