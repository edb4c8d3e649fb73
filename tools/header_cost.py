#!/usr/bin/env python3
"""What the public headers cost a source that includes them: seconds of processor time (user and
system, the least of some runs) and megabytes of the compiler, beside a source that includes
<xtensor/xarray.hpp> alone. The last line is a user's whole training program.

usage: header_cost.py [--runs N] [--compiler "g++"] [--flag FLAG]... [--check RATIO]
                      [--check-memory RATIO] [HEADER]...

Headers as in an #include: autograd/variable.hpp; all that are installed by default. Trust the
ratios: other work on the machine slows all of them alike, since the runs take turns.
With --check and --check-memory: fails when the training program takes more than RATIO times the
time or the memory of xtensor alone. The compiler's memory is the same in each run, whatever else
the machine does; its time is not, so bound that loosely.
"""

import argparse
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BASE = "xtensor/xarray.hpp"
PROGRAM = "examples/03_two_moons.cpp"


def installed_headers():
    """What the build files of the three libraries install, formulas aside: ops.hpp has them."""
    headers = []
    for folder in ("autograd", "ops", "nn"):
        text = (TOP / folder / "meson.build").read_text()
        for block in re.findall(r"install_headers\((.*?)\)", text, re.S):
            names = re.findall(r"'([\w/]+\.hpp)'", block)
            headers += [f"{folder}/{name}" for name in names if "/" not in name]
    return headers


def compile_once(command):
    """User and system seconds, and peak megabytes, of the compiler."""
    pid = os.spawnvp(os.P_NOWAIT, command[0], command)
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"header_cost: {shlex.join(command)}: exit status {status}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(sources, command, runs):
    """The runs take turns, so that a busy minute falls on all sources."""
    figures = {name: [] for name in sources}
    for _ in range(runs):
        for name, path in sources.items():
            figures[name].append(compile_once([*command, "-c", str(path), "-o", os.devnull]))
    return {
        name: (min(t for t, _ in rows), max(m for _, m in rows))
        for name, rows in figures.items()
    }


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--flag", action="append", default=[])
    parser.add_argument("--check", type=float)
    parser.add_argument("--check-memory", type=float)
    parser.add_argument("headers", nargs="*")
    given = parser.parse_args()
    bounds = [("time", given.check, 0), ("memory", given.check_memory, 1)]
    is_check = any(bound for _, bound, _ in bounds)
    headers = given.headers or ([] if is_check else installed_headers())
    command = [*shlex.split(given.compiler), "-std=c++20", "-O2", f"-I{TOP}", *given.flag]
    os.environ["CCACHE_DISABLE"] = "1"
    with tempfile.TemporaryDirectory(prefix="xgrad-header-") as scratch:
        sources = {}
        for header in [BASE, *headers]:
            path = Path(scratch) / (re.sub(r"\W", "_", header) + ".cpp")
            path.write_text(f"#include <{header}>\nint main() {{}}\n")
            sources[header] = path
        sources[PROGRAM] = TOP / PROGRAM
        cost = measure(sources, command, given.runs)
    base_seconds, base_megabytes = cost[BASE]
    print(f"{'':<32} {'seconds':>8} {'ratio':>6} {'MB':>6} {'ratio':>6}")
    for name, (seconds, megabytes) in cost.items():
        print(
            f"{name:<32} {seconds:>8.2f} {seconds / base_seconds:>6.2f}"
            f" {megabytes:>6.0f} {megabytes / base_megabytes:>6.2f}"
        )
    over = False
    for what, bound, figure in bounds:
        ratio = cost[PROGRAM][figure] / cost[BASE][figure]
        if bound and ratio > bound:
            print(f"{PROGRAM} takes {ratio:.2f} times the {what} of {BASE}; the budget is {bound}")
            over = True
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
