#!/usr/bin/env python3
"""Counts what a `meson test` run in a build directory came to.

usage: count_tests.py BUILD_DIR [SUITE LEFT OUT...]

The last line is "<N> passed, <N> failed". Every test of the build outside the suites left out
counts: one that failed, was skipped or left no result has failed, since it proved nothing; each
has a line above.
"""

import json
import sys
from pathlib import Path


def expected_tests(build, left_out):
    """How many tests the build has, less those in a suite left out."""
    tests = json.loads((build / "meson-info" / "intro-tests.json").read_text())
    # A suite reads "project:suite", or "project" alone.
    return sum(
        1 for test in tests if not left_out & {suite.split(":")[-1] for suite in test["suite"]}
    )


def results(build):
    """(name, result) of each test that ran; none when there is no log."""
    log = build / "meson-logs" / "testlog.json"
    if not log.exists():
        return []
    lines = log.read_text(errors="replace").splitlines()
    return [(run["name"], run["result"]) for run in map(json.loads, lines)]


def main():
    build, left_out = Path(sys.argv[1]), set(sys.argv[2:])
    runs = results(build)
    passed = 0
    for name, result in runs:
        if result in ("OK", "EXPECTEDFAIL"):
            passed += 1
        else:
            print(f"{result.lower()}: {name}")
    expected = max(expected_tests(build, left_out), len(runs))
    if expected > len(runs):
        print(f"no result: {expected - len(runs)} tests")
    print(f"{passed} passed, {expected - passed} failed")


if __name__ == "__main__":
    main()
