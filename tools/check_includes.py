#!/usr/bin/env python3
"""Checks the direction of includes between the folders, who may touch xtensor and BLAS, and that
each source includes what it uses (uses_includes.py).

usage: check_includes.py [TOP]       checks the tree at TOP (default: the one it lives in)
       check_includes.py --self-test proves on a tree of breaches that each kind is found

Prints one line per breach, `file:line: fact; what is needed`, and exits 1 if there is one.
"""

import re
import sys
import tempfile
from pathlib import Path

import uses_includes

LIBRARY = ["autograd", "ops", "nn"]
MAY_INCLUDE = {
    "autograd": {"autograd"},
    "ops": {"autograd", "ops"},
    "nn": {"autograd", "ops", "nn"},
    "tools": {"autograd", "ops", "nn", "tools"},
    "tests": {"autograd", "ops", "nn", "tools", "tests"},
    "examples": {"autograd", "ops", "nn", "tools", "examples"},
}

# xtensor must be mended before its first use, so one header includes it for all.
XTENSOR_HEADER = "autograd/xtensor.hpp"
# <cblas.h> cannot share a file with xtensor-blas.
CBLAS_FILES = {"ops/gemm.cpp"}

SUFFIXES = {".hpp", ".h", ".cpp", ".inc"}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
XTENSOR_SWITCH = re.compile(r"\s*#\s*define\s+(XTENSOR_USE_(?:XSIMD|TBB|OPENMP))\b")


def breach_of_include(top, file, quote, path):
    """What is wrong with `file` (relative to top) including `path`, or None."""
    folder, target = file.parts[0], path.split("/")[0]
    if ".." in path.split("/"):
        return f'relative include "{path}"; write the path from the top, as in <ops/ops.hpp>'
    if target not in MAY_INCLUDE and quote == '"' and (top / file.parent / path).exists():
        return f'relative include "{path}"; write it as "{(file.parent / path).as_posix()}"'
    if target in MAY_INCLUDE and target not in MAY_INCLUDE[folder]:
        allowed = ", ".join(sorted(MAY_INCLUDE[folder]))
        return f"{folder} includes {path}; {folder} may include of ours only {allowed}"
    if target == "xtensor" and file.as_posix() != XTENSOR_HEADER:
        return f"<{path}> included directly; include <{XTENSOR_HEADER}>, which mends xtensor"
    if path.split("/")[-1] == "cblas.h" and file.as_posix() not in CBLAS_FILES:
        return f"<{path}> included; call the functions of {', '.join(sorted(CBLAS_FILES))} instead"
    return None


def breaches(top):
    """(number of files read, one line per breach)."""
    files, found, tree = 0, [], uses_includes.Tree(top)
    for folder in MAY_INCLUDE:
        for source in sorted((top / folder).rglob("*")):
            if source.suffix not in SUFFIXES or not source.is_file():
                continue
            if folder == "tools" and source.is_relative_to(top / "tools/peers"):
                continue  # programs of the other side, built apart
            files += 1
            file = source.relative_to(top)
            for number, line in enumerate(source.read_text(errors="replace").splitlines(), 1):
                text = None
                if include := INCLUDE.match(line):
                    text = breach_of_include(top, file, include[1], include[2])
                elif (switch := XTENSOR_SWITCH.match(line)) and folder in LIBRARY:
                    text = f"{switch[1]} defined; leave it unset, it changes the types of users"
                if text:
                    found.append(f"{file.as_posix()}:{number}: {text}")
            for number, use, header in uses_includes.missing(tree, file.as_posix()):
                found.append(f"{file.as_posix()}:{number}: {use} used; include {header}")
    return files, found


def self_test():
    """Each line of the tree below that ends in BREACH must be found, and no other."""
    tree = {
        "autograd/a.hpp": [
            "#pragma once",
            "#include <autograd/xtensor.hpp>",
            "#include <ops/b.hpp>  // BREACH",
            '#include "nn/c.hpp"  // BREACH',
            "#include <vector>",
            "#define XTENSOR_USE_XSIMD  // BREACH",
        ],
        "autograd/xtensor.hpp": ["#include <xtensor/xarray.hpp>", "using xt::xarray;"],
        "autograd/variable.hpp": ["#include <string>", "class Variable {};", "bool watched(int);"],
        "autograd/pch/arrays.hpp": ["#include <autograd/variable.hpp>", "#include <vector>"],
        "ops/b.hpp": [
            "#include <autograd/a.hpp>",
            "  #  include <nn/c.hpp>  // BREACH",
            "#include <xtensor/xmath.hpp>  // BREACH",
            "// #include <nn/c.hpp>",
            "#define XTENSOR_USE_TBB 1  // BREACH",
        ],
        "ops/gemm.cpp": ["#include <cblas.h>", '#include "ops/b.hpp"'],
        "ops/linalg.cpp": ["#include <cblas.h>  // BREACH", '#include "b.hpp"  // BREACH'],
        "nn/c.hpp": [
            "#include <ops/b.hpp>",
            "#include <tools/d.hpp>  // BREACH",
            '#include "../ops/b.hpp"  // BREACH',
            "#define XTENSOR_USE_OPENMP  // BREACH",
        ],
        "nn/uses.cpp": [
            "#include <nn/uses.hpp>",
            "#include <cstdio>",
            "// std::move(text) in a comment, and in a literal:",
            'void f(std::string a) { std::puts("std::sort(a)"); }',
            "std::vector<int> g();  // BREACH",
            "std::vector<int> once_a_header();",
            "double h(double x) { return std::abs(x); }  // BREACH",
            "void log() { fmt::print(R\"(std::map)\"); }  // BREACH",
            "xt::xarray<double> values;  // BREACH",
            "Variable* i();",
            "bool k() { return watched(1) && a.watched(2); }",
        ],
        "nn/uses.hpp": ["#include <autograd/variable.hpp>"],
        "nn/unincluded.cpp": [
            "int j(const Variable&);  // BREACH",
            "struct Own { void watched(int); };",
            "void l(Own own) { own.watched(1); }",
        ],
        "nn/kernels.inc": ["#include <tests/support.hpp>  // BREACH"],
        "tools/d.hpp": ["#include <nn/c.hpp>", "#include <examples/e.hpp>  // BREACH"],
        "tools/d.cpp": ["#include <tools/d.hpp>", "#define XTENSOR_USE_XSIMD"],
        "tests/support.hpp": ["#include <tools/d.hpp>", "#include <examples/e.hpp>  // BREACH"],
        "tests/ops/b_test.cpp": ['#include "tests/support.hpp"', "#include <doctest/doctest.h>"],
        "examples/e.hpp": ["#include <nn/c.hpp>", "#include <tests/support.hpp>  // BREACH"],
        "examples/01.cpp": ["#include <examples/e.hpp>"],
    }
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        for file, lines in tree.items():
            (top / file).parent.mkdir(parents=True, exist_ok=True)
            (top / file).write_text("\n".join(lines) + "\n")
        files, found = breaches(top)
    due = {
        f"{file}:{number}"
        for file, lines in tree.items()
        for number, line in enumerate(lines, 1)
        if line.endswith("BREACH")
    }
    seen = {":".join(line.split(":")[:2]) for line in found}
    for place in sorted(due - seen):
        print(f"self-test: the breach at {place} was not found")
    for place in sorted(seen - due):
        print(f"self-test: {place} was taken for a breach")
    if files != len(tree):
        print(f"self-test: {files} files read of {len(tree)}")
    return due == seen and len(found) == len(due) and files == len(tree)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 0 if self_test() else 1
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    top = Path(sys.argv[1] if len(sys.argv) == 2 else Path(__file__).resolve().parent.parent)
    files, found = breaches(top)
    if files == 0:
        print(f"check_includes: no source under {top}; pass the top of the tree")
        return 1
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
