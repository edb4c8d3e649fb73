// Labelled data: a Dataset, and a DataLoader that deals it out in batches.
#pragma once

#include <nn/dataset.hpp>
#include <nn/loader.hpp>
