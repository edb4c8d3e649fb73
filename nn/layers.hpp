// All layers.
#pragma once

#include <nn/activation.hpp>
#include <nn/container.hpp>
#include <nn/convolution.hpp>
#include <nn/dense.hpp>
#include <nn/dropout.hpp>
#include <nn/normalization.hpp>
#include <nn/pooling.hpp>
