// Everything to build and train a network.
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
