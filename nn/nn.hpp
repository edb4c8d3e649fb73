// Everything to build and train a network, but for what only some programs need. To be included by
// themselves: attention.hpp, recurrent.hpp and lsuv.hpp; fit.hpp, metrics.hpp, doctor.hpp with what
// it is made of, search.hpp and search_fit.hpp; folds.hpp, guards.hpp, compare.hpp, test_set.hpp
// and imputer.hpp; checkpoint.hpp and checkpoint_folder.hpp; csv.hpp, idx.hpp, npy.hpp, npz.hpp,
// serialize.hpp and torch.hpp for files.
#pragma once

#include <nn/data.hpp>
#include <nn/init.hpp>
#include <nn/layers.hpp>
#include <nn/module.hpp>
#include <nn/normalizer.hpp>
#include <nn/optim.hpp>
#include <nn/rng.hpp>
#include <nn/split.hpp>
#include <nn/summary.hpp>
#include <nn/train.hpp>
#include <ops/ops.hpp>
