#!/usr/bin/env python3
"""Appends a line for the commit at hand to a history of measurements, and names the cases that got
slower than the last line of the same machine by more than noise.

usage: bench_history.py --bench PROGRAM --file FILE [--rounds N] [--budget S] [--instructions]
                        WORKLOAD...

A line is JSON: commit, machine, isa, blas, threads, and for each case the quartiles over the rounds
of its processor time. A case is slower when its lower quartile lies above the last upper one and its
median is more than 3 % larger. Instruction counts, where both lines have them, have no noise: 1 %.
Exit code: 0; 1 something got slower; 2 bad use.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import bench_instructions
from bench_instructions import fail

TOP = Path(__file__).resolve().parent.parent
SLOWER = 1.03
MORE_INSTRUCTIONS = 1.01
SAME = ("machine", "isa", "blas", "threads")


def commit():
    """The commit at hand, with a + when files differ from it."""
    git = ["git", "-C", str(TOP), "-c", f"safe.directory={TOP}"]
    head = subprocess.run(
        [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    if head.returncode != 0:
        return "unknown"
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True)
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(": ", 1)[1]
    return "unknown"


def quartiles(values):
    if len(values) == 1:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def run_rounds(given):
    """The measures of all rounds, by "workload/case", and what they were measured with."""
    times, setting = {}, {}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    for _ in range(given.rounds):
        command = [given.bench, *given.workloads, "--json=-", f"--budget={given.budget}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            fail(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        for line in done.stdout.splitlines():
            measure = json.loads(line)
            setting = {key: measure[key] for key in ("isa", "blas", "threads")}
            times.setdefault(f"{measure['workload']}/{measure['case']}", []).append(
                measure["cpu_median"])
    return times, setting


def read_last(path, entry):
    """The last line that was measured in the same way; None when there is none."""
    if not path.exists():
        return None
    last = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            old = json.loads(line)
        except json.JSONDecodeError:
            fail(f"line {number} of {path} is not JSON; need a file that bench wrote")
        if all(old.get(key) == entry[key] for key in SAME):
            last = old
    return last


def regressions(old, new):
    """A sentence for each case that got slower."""
    found = []
    for case, (low, median, _) in new["times"].items():
        if case not in old["times"]:
            continue
        _, before, high = old["times"][case]
        if low > high and median > SLOWER * before:
            found.append(f"{case}: {median:.4g} after {before:.4g}, {median / before:.2f} times")
    for case, count in new.get("instructions", {}).items():
        before = old.get("instructions", {}).get(case)
        if before and count > MORE_INSTRUCTIONS * before:
            found.append(f"{case}: {count:.0f} instructions after {before:.0f}")
    return found


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--bench", required=True)
    parser.add_argument("--file", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--budget", type=float, default=0.1)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("workloads", nargs="+")
    given = parser.parse_args()
    times, setting = run_rounds(given)
    entry = {
        "commit": commit(),
        "machine": machine(),
        **setting,
        "times": {case: quartiles(values) for case, values in times.items()},
    }
    if given.instructions:
        entry["instructions"] = bench_instructions.measure(given.bench)
    last = read_last(given.file, entry)
    slower = regressions(last, entry) if last else []
    entry["slower"] = [text.split(":")[0] for text in slower]
    with given.file.open("a") as file:
        file.write(json.dumps(entry) + "\n")
    print(f"{entry['commit']}: {len(times)} cases in {given.file}", end="")
    print(f", beside {last['commit']}" if last else ", the first of this machine and setting")
    for text in slower:
        print(f"SLOWER {text}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
