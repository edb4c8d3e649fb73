// Writes what check_files.py opens with numpy and PyTorch: write_files FOLDER.
#include <nn/attention.hpp>
#include <nn/csv.hpp>
#include <nn/layers.hpp>
#include <nn/npy.hpp>
#include <nn/npz.hpp>
#include <nn/recurrent.hpp>
#include <nn/rng.hpp>
#include <nn/serialize.hpp>
#include <ops/shape.hpp>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <utility>

using namespace xgrad;

namespace {

// Element i is (i - 2) / 4, as in make_files.py.
template <class T>
Array<T> values(const Shape& shape) {
    Array<T> x = empty<T>(shape);
    for (std::size_t i = 0; i < x.size(); ++i)
        x.data()[i] = (static_cast<T>(i) - 2) / 4;
    return x;
}

void write_arrays(const std::filesystem::path& folder) {
    nn::save_npy(folder / "double.npy", values<double>({2, 3}));
    nn::save_npy(folder / "float.npy", values<float>({2, 3, 4}));
    nn::save_npy(folder / "labels.npy", Array<std::int64_t>{7, -1, (std::int64_t{1} << 53) + 1});
    nn::StateDict<double> state{
        {"x", values<double>({2, 3})},
        {"layer/größe", values<double>({1})},
        {"scalar", values<double>({})},
        {"none", values<double>({0, 3})}};
    nn::save_npz(folder / "stored.npz", state);
    nn::save_npz(folder / "deflated.npz", state, true);
    nn::save_npz(folder / "empty.npz", nn::StateDict<float>{});
    state.erase("layer/größe");
    nn::save(folder / "arrays.safetensors", state, {{"epoch", "7"}});
}

void write_table(const std::filesystem::path& folder) {
    using enum data::ColumnType;
    const double none = std::numeric_limits<double>::quiet_NaN();
    const data::Column numbers{"a number", number, {}, {0.1, -0.0, 5e-324, none, 1e22}};
    const data::Column texts{
        "text, \"quoted\"",
        category,
        {"größe", "a,b", "say \"hi\"", "two\r\nlines", " blanks "},
        {0, 1, 2, 3, 4}};
    data::write_csv(folder / "table.csv", {{numbers, texts}});
}

// Layers under the names that check_files.py gives PyTorch's.
class Model : public nn::Module<double> {
public:
    explicit Model(Rng& rng)
        : conv_(add("conv", nn::Conv2d<double>(1, 2, 3, rng))),
          bn_(add("bn", nn::BatchNorm2d<double>(2))),
          lstm_(add("lstm", nn::LSTM<double>(4, 4, rng))),
          attention_(add("attention", nn::MultiHeadAttention<double>(4, 2, rng))),
          fc_(add("fc", nn::Dense<double>(4, 3, rng))) {}

    [[nodiscard]] Variable<double> forward(const Variable<double>& x) override {
        const Variable<double> y = (*bn_)((*conv_)(x));
        const Variable<double> steps = reshape(y, {x.shape()[0], 2, 4});
        return (*fc_)((*attention_)((*lstm_)(steps)));
    }
    [[nodiscard]] std::string describe() const override { return "Model"; }

private:
    template <class Layer>
    std::shared_ptr<Layer> add(const char* name, Layer layer) {
        return register_module(name, std::make_shared<Layer>(std::move(layer)));
    }

    std::shared_ptr<nn::Conv2d<double>> conv_;
    std::shared_ptr<nn::BatchNorm2d<double>> bn_;
    std::shared_ptr<nn::LSTM<double>> lstm_;
    std::shared_ptr<nn::MultiHeadAttention<double>> attention_;
    std::shared_ptr<nn::Dense<double>> fc_;
};

void write_model(const std::filesystem::path& folder) {
    Rng rng(1);
    Model model(rng);
    const Variable<double> x(values<double>({3, 1, 4, 4}));
    static_cast<void>(model(x));  // moves the running moments
    model.eval();
    nn::save(folder / "model.safetensors", model.state_dict());
    nn::save_npz(
        folder / "model_outside.npz",
        nn::StateDict<double>{{"x", x.value()}, {"y", model(x).value()}});
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_files FOLDER\n";
        return 2;
    }
    try {
        write_arrays(argv[1]);
        write_table(argv[1]);
        write_model(argv[1]);
    } catch (const std::exception& error) {
        std::cerr << "write_files: " << error.what() << '\n';
        return 1;
    }
}
