// States of PyTorch's models: whose names stand for what.
//
// The layers here have PyTorch's names and layouts: weight (out, in) of Dense and Linear, (out, in
// / groups, kernel) of convolutions, (in, out / groups, kernel) of transposed ones, gates i, f, g,
// o of LSTM and r, z, n of GRU, "in_proj_weight" with the rows of q, k and v, "running_mean" and
// "running_var". So a file of safetensors.torch.save_file() loads once its paths are this model's,
// and a file of save() loads there as it is, by load_state_dict().
#pragma once

#include <nn/module.hpp>

#include <map>
#include <string>

namespace xgrad::nn {

/// New paths by old ones, whole parts of a name from its start: {"fc1", "0"} makes "0.weight" of
/// "fc1.weight" and leaves "fc10.weight". Of several that fit the longest counts. An empty path
/// takes the old one away.
using Renames = std::map<std::string, std::string>;

/// The state under its new names. Throws std::invalid_argument for an old path that no name begins
/// with, and for two names that would become one.
template <class T>
[[nodiscard]] StateDict<T> rename(const StateDict<T>& state, const Renames& renames);

/// The state of a PyTorch model as load_state_dict() here takes it:
///
///     net.load_state_dict(
///         nn::from_torch(nn::load<float>("net.safetensors"), {{"fc1", "0"}, {"fc2", "2"}}));
///
/// - "num_batches_tracked" of batch normalization, a count that only PyTorch's momentum=None
///   reads, is left out;
/// - weight normalization's "parametrizations.weight.original0" and "...original1" become
///   "weight_g" and "weight_v", as its older form names them;
/// - "_orig_mod", which torch.compile puts into paths, and "module", which DataParallel puts before
///   all of them, are taken away.
///
/// Then the paths are renamed, as by rename(), which says what is thrown. What the model here has
/// no place for, such as an LSTM's weight_hr_l0 (proj_size), load_state_dict() refuses by name.
template <class T>
[[nodiscard]] StateDict<T> from_torch(const StateDict<T>& state, const Renames& renames = {});

}  // namespace xgrad::nn
