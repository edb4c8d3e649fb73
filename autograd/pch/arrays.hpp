// Precompiled for the targets of many sources: what nearly all of them include, and half of what
// they cost. Never included by name; a source still includes what it uses
// (tools/check_includes.py).
#include <autograd/branch.hpp>
#include <autograd/grad.hpp>
#include <autograd/record.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>
