// W12: an epoch of 60,000 rows of 784 floats in random order, in batches of 128: whole batches by
// index_select, and image by image flipped and cropped out of a border of two pixels.
#include "bench.h"

#include <random>
using torch::Tensor;
using Rows = c10::ArrayRef<size_t>;

struct Dealt : torch::data::datasets::BatchDataset<Dealt, torch::data::Example<>> {
    Tensor x, y;
    bool cropped;
    Dealt(Tensor x, Tensor y, bool cropped) : x(x), y(y), cropped(cropped) {}
    torch::optional<size_t> size() const override { return x.size(0); }
    torch::data::Example<> get_batch(Rows rows) override {
        std::vector<int64_t> index(rows.begin(), rows.end());
        const auto at = torch::from_blob(index.data(), {int64_t(index.size())}, torch::kLong);
        auto images = x.index_select(0, at);
        if (cropped)
            images = crop(images.view({-1, 28, 28})).view({-1, 784});
        return {images, y.index_select(0, at)};
    }
    static Tensor crop(const Tensor& images) {
        static thread_local std::mt19937 random(1);
        const auto padded = torch::constant_pad_nd(images, {2, 2, 2, 2});
        std::vector<Tensor> windows;
        for (int64_t i = 0; i < images.size(0); ++i) {
            const auto down = int64_t(random() % 5), right = int64_t(random() % 5);
            auto window = padded[i].narrow(0, down, 28).narrow(1, right, 28);
            windows.push_back(random() % 2 ? window.flip(1) : window);
        }
        return torch::stack(windows);
    }
};

int main() {
    bench::init();
    torch::NoGradGuard ng;
    const long n = 60000;
    const auto x = bench::filled({n, 784}, 1, 0, 1), y = bench::labels(n);
    for (const bool cropped : {false, true}) {
        for (const int workers : {0, 1, 2}) {
            const auto name = (cropped ? "crop_w" : "deal_w") + std::to_string(workers);
            if (!bench::wanted(name))
                continue;
            auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
                Dealt(x, y, cropped),
                torch::data::DataLoaderOptions().batch_size(128).workers(workers));
            double sum = 0;
            auto s = bench::sample(
                [&] {
                    sum = 0;
                    for (auto& batch : *loader)
                        sum += batch.target.sum().item<double>();
                },
                1,
                3);
            bench::report("W12", name, "ms", 1e6, s, bench::kv("labels", sum));
        }
    }
}
