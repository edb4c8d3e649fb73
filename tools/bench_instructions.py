#!/usr/bin/env python3
"""Counts the instructions of workloads whose time is overhead: W1, W4 and W7, by valgrind. A count
does not depend on what else the machine does, so two builds compare to a fraction of a per cent.

usage: bench_instructions.py --bench PROGRAM [--json]

Each case runs twice, with few and with more rounds; the difference leaves out what the program does
once. Valgrind knows no AVX-512: the counts are those of the AVX2 kernels. Exit code: 0; 2 when
something cannot be run.
"""

import argparse
import json
import os
import re
import subprocess
import sys

# The workload, its case, the rounds of the two runs, and by how much a round counts.
CASES = [
    ("W1", "const_n256", 5, 25, 1000, "an op"),
    ("W1", "leaf_n256", 5, 25, 1000, "an op"),
    ("W4", "modules", 50, 250, 1, "a step"),
    ("W4", "l2_in_loss", 50, 250, 1, "a step"),
    ("W7", "const_1000000", 1, 2, 1_000_000, "an op"),
]


def fail(text):
    print(f"bench: {text}", file=sys.stderr)
    sys.exit(2)


def count(program, workload, case, rounds):
    """The instructions of a run of that many rounds."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, workload,
               f"--filter={case}", f"--exactly={rounds}", "--json=/dev/null"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    except FileNotFoundError:
        fail("valgrind cannot be run; install it: apt-get install valgrind")
    found = re.findall(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return int(found[-1])  # the last to end is the program; before it, what it forked


def measure(program):
    """The instructions of each case, by "workload/case"."""
    counts = {}
    for workload, case, few, more, units, _ in CASES:
        spent = count(program, workload, case, more) - count(program, workload, case, few)
        counts[f"{workload}/{case}"] = spent / (more - few) / units
    return counts


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--bench", required=True)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    given = parser.parse_args()
    counts = measure(given.bench)
    if given.json:
        print(json.dumps(counts))
        return 0
    print(f"{'':<4} {'case':<16} {'instructions':>14}")
    for workload, case, _, _, _, unit in CASES:
        print(f"{workload:<4} {case:<16} {counts[f'{workload}/{case}']:>14.1f} {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
