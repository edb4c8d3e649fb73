// All the ops.
#pragma once

#include <ops/activation.hpp>
#include <ops/arithmetic.hpp>
#include <ops/arrange.hpp>
#include <ops/contraction.hpp>
#include <ops/decomposition.hpp>
#include <ops/elementwise.hpp>
#include <ops/hard_activation.hpp>
#include <ops/interpolate.hpp>
#include <ops/linalg.hpp>
#include <ops/loss.hpp>
#include <ops/margin_loss.hpp>
#include <ops/multivariate.hpp>
#include <ops/operators.hpp>
#include <ops/order.hpp>
#include <ops/pick.hpp>
#include <ops/pooling.hpp>
#include <ops/reduce.hpp>
#include <ops/rounding.hpp>
#include <ops/scan.hpp>
#include <ops/shape.hpp>
#include <ops/smooth_activation.hpp>
#include <ops/softmax.hpp>
#include <ops/solve.hpp>
#include <ops/special.hpp>
#include <ops/statistic.hpp>
