// Checkpoint: the whole state of a training run in one file, so that it continues bit for bit.
//
//     std::uint64_t epoch = 0, batch = 0;
//     train::Checkpoint<float> checkpoint;
//     checkpoint.track("model", net).track("adam", adam).track("schedule", schedule);
//     checkpoint.track("data", loader).track("epoch", epoch).track("batch", batch);
//     if (resumes) checkpoint.load("run.safetensors");
//     for (; epoch < 10; ++epoch, batch = 0) {
//         for (auto& [x, y] : loader.epoch(epoch, batch)) {
//             ...
//             if (++batch % 100 == 0) checkpoint.save("run.safetensors");
//         }
//     }
#pragma once

#include <nn/optimizer.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace xgrad {
class Rng;
}
namespace xgrad::data {
template <class T>
class DataLoader;
template <class T>
class InputNormalizer;
}  // namespace xgrad::data
namespace xgrad::optim {
template <class T>
class EMA;
class Plateau;
class Scheduler;
}  // namespace xgrad::optim

namespace xgrad::train {

class CheckpointFolder;
struct EpochRecord;
namespace detail {
template <class T>
struct Part;
}

/// What gives a State and continues from one: every optimiser, EarlyStopping, a class of yours.
/// load_state_dict() throws std::invalid_argument for a state that does not fit, and has then
/// changed nothing.
template <class Object, class T>
concept Stateful = requires(Object& object, const optim::State<T>& state) {
    { object.state_dict() } -> std::same_as<optim::State<T>>;
    object.load_state_dict(state);
};

/// The parts of a run by name, saved together and loaded together. It refers to the parts, which
/// must live as long. What the program builds the same way each time is not saved: layers, options,
/// groups, modes, which parameters are frozen; nor are gradients, so save between a step and the
/// next backward.
///
/// The file is safetensors: arrays "model.0.weight", "adam.0.weight.mean"; numbers in its metadata,
/// "adam.lr", as text that gives the same bits back; "xgrad.version" and a checksum of all of it.
template <class T>
class Checkpoint {
public:
    Checkpoint();
    Checkpoint(Checkpoint&&) noexcept;
    Checkpoint& operator=(Checkpoint&&) noexcept;
    Checkpoint(const Checkpoint&) = delete;
    Checkpoint& operator=(const Checkpoint&) = delete;
    ~Checkpoint();

    /// Adds a part. All throw std::invalid_argument for a name that is taken, empty, "xgrad", or
    /// has a dot.
    ///
    /// Weights, buffers, and where the noise of Dropout and its like stands.
    Checkpoint& track(const std::string& name, nn::Module<T>& model);
    template <Stateful<T> Object>
    Checkpoint& track(const std::string& name, Object& object) {
        return add_state(
            name,
            [&object] { return object.state_dict(); },
            [&object](const optim::State<T>& state) { object.load_state_dict(state); });
    }
    /// While it is swapped in, save() and load() throw std::logic_error: the model has not its
    /// weights then.
    Checkpoint& track(const std::string& name, optim::EMA<T>& ema);
    Checkpoint& track(const std::string& name, optim::Scheduler& scheduler);
    Checkpoint& track(const std::string& name, optim::Plateau& plateau);
    Checkpoint& track(const std::string& name, Rng& rng);
    /// Any normaliser, also before fit(). One that is fitted refuses figures of another shape.
    Checkpoint& track(const std::string& name, data::InputNormalizer<T>& normalizer);
    /// Its options and the number of rows, on which the order of the data depends: load() refuses a
    /// file of others. Where in the data the run stands are numbers of the program's.
    Checkpoint& track(const std::string& name, const data::DataLoader<T>& loader);
    /// The records of the epochs so far (train::History).
    Checkpoint& track(const std::string& name, std::vector<EpochRecord>& history);
    /// An array of any shape.
    Checkpoint& track(const std::string& name, Array<T>& array);
    Checkpoint& track(const std::string& name, bool& flag);
    Checkpoint& track(const std::string& name, int& number);
    Checkpoint& track(const std::string& name, std::int64_t& number);
    Checkpoint& track(const std::string& name, std::uint64_t& number);
    Checkpoint& track(const std::string& name, double& number);
    Checkpoint& track(const std::string& name, std::string& text);

    /// Writes all parts; the file appears whole or not at all, as nn::save() says. Throws what it
    /// throws; std::invalid_argument when nothing is tracked, std::logic_error from an EMA.
    void save(const std::filesystem::path& path) const;
    /// Continues where the file was saved. Throws IoError for a file that is not there, damaged or
    /// no safetensors file; std::invalid_argument for one that does not fit: weights only, a newer
    /// version, of the other scalar type, or with entries that are missing, left over or of another
    /// shape, each of which is listed. Then no part has changed.
    void load(const std::filesystem::path& path);
    /// The same for a program that tracks only some of the parts, say the model to use it: parts
    /// of the file that are not tracked are passed over.
    void load_tracked(const std::filesystem::path& path);

private:
    friend class CheckpointFolder;

    Checkpoint& add(detail::Part<T> part);
    Checkpoint& add_state(
        const std::string& name,
        std::function<optim::State<T>()> take,
        std::function<void(const optim::State<T>&)> give);
    void save(const std::filesystem::path& path, const std::function<void()>& before_rename) const;
    void load(const std::filesystem::path& path, bool all);

    std::vector<detail::Part<T>> parts_;
};

}  // namespace xgrad::train
