#!/usr/bin/env python3
"""What the library costs who uses it, beside the budgets: compiling a training program, the size of
the shared library, a program's start, and the memory of a training step.

usage: bench_cost.py --bench PROGRAM [--peers DIR] [--runs N]

The library is the one that PROGRAM's build made. The peer's figures are measured where it is
installed: its umbrella header, and with --peers the programs that a comparison built there.
Exit code: 0; 1 a budget was exceeded; 2 a step failed.
"""

import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_instructions import fail
from header_cost import PROGRAM, TOP, compile_once

PEER_HEADER = "/usr/include/torch/csrc/api/include/torch/torch.h"
SMALLEST = """#include <ops/ops.hpp>
int main() {
    const xgrad::Variable<float> x(xgrad::Array<float>{1, 2}, true);
    sum(x * x).backward();
    return x.grad()(1) == 4 ? 0 : 1;
}
"""

FUSED = "#include <ops/fused.hpp>\n"
FORMULA = """xgrad::Variable<float> f(const xgrad::Variable<float>& x) {
    static const auto f = xgrad::elementwise([](auto x) { return tanh(x) * x + exp(-x * x); });
    return f(x);
}
"""


class Table:
    """Rows of a figure, its budget and the verdict."""

    def __init__(self):
        self.good = True
        print(f"{'':<44} {'ours':>12} {'budget':>10}  verdict")

    def row(self, label, value, unit, budget=None, note=""):
        text = f"{value:.4g} {unit}".rstrip()
        if budget is None:
            print(f"{label:<44} {text:>12} {'-':>10}  - {note}".rstrip())
            return
        good = value <= budget
        self.good = self.good and good
        print(f"{label:<44} {text:>12} {'<= ' + format(budget, '.4g'):>10}  "
              f"{'ok' if good else 'MISSED'} {note}".rstrip())


def checked(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail(f"{shlex.join(map(str, command))}:\n{done.stderr[-2000:]}")
    return done


def link_flags(build):
    """What pkg-config says of the library in the build, its archive named in full."""
    where = {**os.environ, "PKG_CONFIG_PATH": str(build / "meson-uninstalled")}
    flags = checked(["pkg-config", "--libs", "xgrad"], env=where).stdout
    archive = build / "libxgrad.a"
    if not archive.exists():
        fail(f"there is no {archive}; need a build with the static library")
    return [flag.replace("-lxgrad", str(archive)) for flag in shlex.split(flags)]


def compile_cost(table, runs):
    os.environ["CCACHE_DISABLE"] = "1"
    command = ["g++", "-std=c++20", "-O2", f"-I{TOP}"]
    program = ["-c", str(TOP / PROGRAM), "-o", os.devnull]
    with tempfile.TemporaryDirectory(prefix="xgrad-cost-") as scratch:
        ahead = Path(scratch) / "ahead.hpp"
        ahead.write_text("#include <nn/nn.hpp>\n")
        checked([*command, "-x", "c++-header", ahead, "-o", f"{ahead}.gch"])
        plain, with_ahead = [], []
        for _ in range(runs):
            plain.append(compile_once([*command, *program]))
            with_ahead.append(compile_once([*command, "-include", str(ahead), *program]))
    seconds = statistics.median(cost[0] for cost in plain)
    table.row("compile a training program", seconds, "s", 1.0, "(processor time, -O2)")
    table.row("the same with <nn/nn.hpp> precompiled",
              statistics.median(cost[0] for cost in with_ahead), "s")
    table.row("memory of the compiler", max(cost[1] for cost in plain), "MB", 250)
    formula_cost(table, runs)
    if not Path(PEER_HEADER).exists():
        return
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.write("#include <torch/torch.h>\nint main() {}\n")
        source.flush()
        peer, _ = compile_once(
            ["g++", "-std=c++17", "-O2", "-I" + str(Path(PEER_HEADER).parents[1]), "-c",
             source.name, "-o", os.devnull])
    table.row("compile, of the peer's umbrella header", seconds / peer, "", 1 / 15, f"({peer:.1f} s)")


def formula_cost(table, runs):
    """What a fused formula adds to a source that has its header; the two take turns."""
    with tempfile.TemporaryDirectory(prefix="xgrad-cost-") as scratch:
        sources = {name: Path(scratch) / f"{name}.cpp" for name in ("header", "formula")}
        sources["header"].write_text(FUSED)
        sources["formula"].write_text(FUSED + FORMULA)
        costs = {name: [] for name in sources}
        for _ in range(runs):
            for name, source in sources.items():
                costs[name].append(compile_once(
                    ["g++", "-std=c++20", "-O2", "-march=native", f"-I{TOP}", "-c", str(source),
                     "-o", os.devnull])[0])
    median = {name: statistics.median(values) for name, values in costs.items()}
    table.row("compile a fused formula, beyond its header", median["formula"] - median["header"],
              "s")


def start_cost(table, build, scratch, runs):
    program = scratch / "smallest"
    (scratch / "smallest.cpp").write_text(SMALLEST)
    flags = link_flags(build)
    checked(["g++", "-std=c++20", "-O2", f"-I{TOP}", scratch / "smallest.cpp", "-o", program, *flags])
    shared = scratch / "libxgrad.so"
    exports = f"-Wl,--version-script={TOP / 'autograd/exports.map'}"
    checked(["g++", "-shared", "-s", "-Wl,--gc-sections", "-Wl,-Bsymbolic-functions", exports,
             "-o", shared, *flags])
    table.row("shared library, stripped", shared.stat().st_size / 1e6, "MB", 6)
    times = []
    for _ in range(10 * runs):
        begin = time.perf_counter()
        checked([program])
        times.append(1e3 * (time.perf_counter() - begin))
    table.row("smallest program, start to end", statistics.median(times), "ms", 10)
    libraries = re.findall(r"^\s*\S+\.so\S* => /", checked(["ldd", program]).stdout, re.M)
    table.row("shared libraries it loads", len(libraries), "", 25)


def step_memory(table, bench, peers):
    line = checked([bench, "W3", "--filter=adam_b128", "--budget=0.1", "--json=-"]).stdout
    ours = json.loads(line.splitlines()[0])["peak_rss_mib"]
    peer = Path(peers) / "w3_mlp_step"
    if not peer.exists():
        table.row("training step W3 Adam 128, peak memory", ours, "MiB",
                  note="(no peer: run a comparison of W3 first)")
        return
    settings = {**os.environ, "ONLY": "adam_b128", "BUDGET": "0.1", "THREADS": "1"}
    line = checked([peer], env=settings).stdout
    theirs = json.loads(line.splitlines()[0])["peak_rss_mib"]
    table.row("training step W3 Adam 128, peak memory", ours, "MiB", theirs / 3,
              f"(a third of the peer's {theirs:.0f})")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--bench", required=True, type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    build = given.bench.resolve().parent.parent
    table = Table()
    compile_cost(table, given.runs)
    with tempfile.TemporaryDirectory(prefix="xgrad-cost-") as scratch:
        start_cost(table, build, Path(scratch), given.runs)
    step_memory(table, given.bench, given.peers or build / "peers")
    print("each header's cost: tools/header_cost.py")
    return 0 if table.good else 1


if __name__ == "__main__":
    sys.exit(main())
