// A module as a table.
#pragma once

#include <nn/module.hpp>

#include <string>

namespace xgrad::nn {

/// A table: path, layer, shapes and count of its own parameters; in the last line how many numbers
/// there are, those of a shared module once.
template <class T>
[[nodiscard]] std::string summary(Module<T>& module);

/// The same with the shape of each layer's result and its multiply-adds for an input of that shape,
/// which goes through the module once, as zeros, in evaluation mode and unrecorded. A layer that is
/// called several times shows its last result and the multiply-adds of all calls; one that its
/// parent does not call by operator() shows none. Throws what the module throws.
template <class T>
[[nodiscard]] std::string summary(Module<T>& module, const Shape& input);

}  // namespace xgrad::nn
