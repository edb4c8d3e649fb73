#!/usr/bin/env python3
"""Plants wrong operations among the random programs' and checks what comes of it.

usage: planted_test.py PROGRAM SOURCE_DIR LIBRARY COMPILER [COMPILER ARGUMENT...]

Each one must be found and shrunk to a few operations, and the C++ that is printed must compile
against the library and show the same fault. A program without fault, printed, must show none.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM, SOURCE, LIBRARY, *COMPILER = sys.argv[1:]

# What is planted, and the check that finds it.
FAULTS = {
    "wrong_rule": "gradient against differences",
    "wrong_second": "hvp() against differences of the gradient",
    "wrong_in_float": "float against double gradient",
    "recorded_differently": "recorded against unrecorded values",
    "leaks": "memory in use before and after",
    "throws": "an operation throws",
}
COMPILED = ("wrong_rule", "throws")  # a compilation takes seconds


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, errors="replace")
    return done.returncode, done.stdout, done.stderr


def check(what, fine, shown):
    if not fine:
        sys.exit(f"{what}:\n{shown}")


def build(source, folder):
    """The program made of that source."""
    file = folder / "program.cpp"
    file.write_text(source)
    where = Path(LIBRARY).parent
    flags = subprocess.check_output(
        ["pkg-config", "--cflags", "--libs", "xgrad"],
        env={**os.environ, "PKG_CONFIG_PATH": str(where / "meson-uninstalled")},
        text=True,
    ).replace("-lxgrad", LIBRARY)
    code, out, err = run(
        *COMPILER, "-std=c++20", "-Wall", "-Wextra", f"-I{SOURCE}", str(file),
        "-o", str(folder / "program"), *shlex.split(flags), f"-Wl,-rpath,{where}", "-pthread",
    )
    check("the source compiles without warnings", code == 0 and not err, source + out + err)
    return str(folder / "program")


with tempfile.TemporaryDirectory() as scratch:
    for fault, found in FAULTS.items():
        arguments = ["--seed", "3", "--count", "60", "--plant", fault]
        code, out, err = run(PROGRAM, *arguments)
        check(f"{fault} is found", code == 1 and " 0 failures" not in out, out + err)
        first = out.split("FAILED: ")[1]
        headline, source = first.split("\n", 1)
        check(f"{fault} is found by its check", headline.startswith(found + ", "), out)
        size = int(re.search(r"(\d+) operations$", headline)[1])
        check(f"{fault} is shrunk", size <= 3, out)
        check(f"{fault} is in what is left", f"planted::{fault}(" in source, out)
        # The line that repeats it does.
        again = re.search(r"Repeat with: random_programs (.*)", source)[1]
        code, out, err = run(PROGRAM, *shlex.split(again))
        check(f"{fault} is found again", code == 1 and f"FAILED: {headline}\n{source[:200]}" in out, out + err)
        if fault in COMPILED:
            source = re.split(r"^\d+ programs of ", source, flags=re.MULTILINE)[0]
            code, out, err = run(build(source, Path(scratch)))
            check(f"{fault} shows in the printed program", code == 1 and found in out, out + err)

    code, source, err = run(PROGRAM, "--print", "--seed", "1", "--first", "5")
    check("--print prints", code == 0 and "checkpoint(" in source, source + err)
    code, out, err = run(build(source, Path(scratch)))
    check("a sound program shows no fault", code == 0 and "got 0, expected 0" in out, out + err)

code, out, err = run(PROGRAM, "--count", "20", "--jobs", "2")
check("two processes share the programs", code == 0 and out.startswith("20 programs of "), out + err)
for bad in (["--bogus"], ["--count", "0"], ["--jobs", "0"], ["--plant", "nothing"]):
    code, out, err = run(PROGRAM, *bad)
    check(f"{bad} exits 2", code == 2 and err, out + err)
