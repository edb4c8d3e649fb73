// Optimisers, schedules, and what stands between backward() and step().
#pragma once

#include <nn/adam.hpp>
#include <nn/adaptive.hpp>
#include <nn/ema.hpp>
#include <nn/gradient.hpp>
#include <nn/lbfgs.hpp>
#include <nn/lr_range.hpp>
#include <nn/optimizer.hpp>
#include <nn/penalty.hpp>
#include <nn/schedule.hpp>
#include <nn/sgd.hpp>
