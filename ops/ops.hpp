// All the ops.
#pragma once

#include <ops/activation.hpp>
#include <ops/arithmetic.hpp>
#include <ops/elementwise.hpp>
#include <ops/linalg.hpp>
#include <ops/loss.hpp>
#include <ops/operators.hpp>
#include <ops/reduce.hpp>
#include <ops/shape.hpp>
#include <ops/softmax.hpp>
