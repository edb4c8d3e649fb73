// The layers; recurrent ones and attention have headers of their own, nn/recurrent.hpp and
// nn/attention.hpp.
#pragma once

#include <nn/activation.hpp>
#include <nn/container.hpp>
#include <nn/convolution.hpp>
#include <nn/dense.hpp>
#include <nn/dropout.hpp>
#include <nn/normalization.hpp>
#include <nn/pooling.hpp>
