#!/usr/bin/env python3
"""Runs the gradcheck program: its lines, its report, its exit codes.

usage: gradcheck_program_test.py PROGRAM MYOPS CRASH UNDECIDED
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

PROGRAM, MYOPS, CRASH, UNDECIDED = sys.argv[1:5]


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def check(what, fine, shown):
    if not fine:
        sys.exit(f"{what}:\n{shown}")


code, out, err = run("--list")
names = [line.split(":")[0] for line in out.splitlines()]
check("--list names the ops", code == 0 and len(names) >= 60 and "matmul" in names, out + err)
check("--list shows shapes", "\ntanh: [(3, 4)]\n" in out, out)

with tempfile.TemporaryDirectory() as scratch:
    file = Path(scratch) / "report.json"
    code, out, err = run("--all", "--json", str(file))
    report = json.loads(file.read_text())
check("--all passes", code == 0, out + err)
check("a line for each op", [line.split()[0] for line in out.splitlines()[1:-1]] == names, out)
check("the closing line counts", f"{len(names)} ops, " in out and " 0 failures, 0 inconclusive, " in out, out)
check("the JSON passes", report["passed"] and report["order"] == 2, report)
check("the JSON has every op", [op["op"] for op in report["ops"]] == names, report)
for op in report["ops"]:
    check("errors in bounds", max(op["relative_error"]) <= 1e-6, op)
    check("norm ratios in bounds", max(op["norm_ratio"]) <= 1e-7, op)

code, out, err = run("--op", "tanh", "--op", "mul", "--order", "1", "--seed", "7", "-v")
check("two ops", code == 0 and "2 ops, 5 samples, " in out, out + err)
check("-v lists what was skipped", "sample 0, reuse: skipped: no two inputs" in out, out)

# A step that is far too wide is mended.
code, out, err = run("--op", "exp", "--step", "1000")
check("a wide step is no failure", code == 0, out)

code, out, err = run("--op", "tanh", "--op", "matmul", "--dtype", "float")
check("--dtype float passes", code == 0 and " 0 failures" in out, out + err)
check("--dtype float is coarser", 1e-9 < float(out.splitlines()[1].split()[3]) < 1e-5, out)

code, out, err = run("--load", MYOPS)
lines = out.splitlines()
check("a failure exits 1", code == 1 and "4 ops, 4 samples, " in out and " 1 failures" in out, out + err)
check("right ops pass", sum(line.endswith(" passed") for line in lines) == 2, out)
check("a rule on arrays ends at order 1", any(
    line.startswith("myops_cube ") and line.endswith(" passed to order 1") for line in lines), out)
check("a wrong op fails", "myops_wrong_square, sample 0, input shapes (3,): gradient\n" in out, out)
check("a failure shows both values", "input 0 at (0,): analytic " in out, out)
check("a failure says why", "likely cause: off by the factor 0.5\n" in out, out)
check("a failure names line", "myops_wrong_square (myops.cpp:" in out, out)
stories = out.split("myops_wrong_square, sample")[1:]
check("a story has at most 12 lines", all(len(s.splitlines()) <= 12 for s in stories), out)
check("--op chooses from what is loaded", run("--load", MYOPS, "--op", "myops_gram")[0] == 0, out)
code, out, err = run("--load", MYOPS, "--op", "myops_cube", "-v")
check("-v says why there is no second order", "second gradient: skipped: backward: the rule of myops_cube (myops.cpp:" in out, out)

code, out, err = run("--op", "add", "--op", "matmul", "--shapes", "sweep", "-v")
check("--shapes sweep counts", code == 0 and "shapes: passed: 12 other shapes are right, " in out, out + err)

code, out, err = run("--load", CRASH)
check("a crash is no pass", code not in (0, 2, 3), f"{code} {out} {err}")
check("a crash names its op and line", "gradcheck: crash (crash.cpp:" in err, out + err)
check("a crash names its library and signal", "libcrash.so) crashed: Segmentation fault; " in err, out + err)

with tempfile.TemporaryDirectory() as scratch:
    html, junit = Path(scratch) / "page.html", Path(scratch) / "junit.xml"
    code, out, err = run("--load", MYOPS, "--html", str(html), "--junit", str(junit))
    page, suite = html.read_text(), ElementTree.parse(junit).getroot()
check("the page has no reference outside", "http" not in page and "src=" not in page, page)
check("the page tells the story", "FAIL myops_wrong_square" in page and "<polyline" in page, page)
check("the page maps the errors", page.count("<rect") >= 3, page)
check("the suite counts", int(suite.get("tests")) == len(suite.findall("testcase")) > 5, out)

check("the page explains its curves", "Dashed: |analytic - numeric|" in page and "stroke-dasharray" in page, page)

code, out, err = run("--load", UNDECIDED)
check("only inconclusive exits 3", code == 3 and " 0 failures, 1 inconclusive" in out, f"{code} {out} {err}")
check("what is inconclusive is told", "undecided, sample 0, input shapes (3,): gradient INCONCLUSIVE\n" in out, out)
check("beside a failure it exits 1", run("--load", UNDECIDED, "--load", MYOPS)[0] == 1, out)

with tempfile.TemporaryDirectory() as scratch:
    file = Path(scratch) / "power.json"
    code, out, err = run("--power", "--op", "tanh", "--op", "matmul", "--json", str(file))
    power = json.loads(file.read_text())
check("--power --json tells the same", power["passed"] and [op["op"] for op in power["ops"]] == ["tanh", "matmul"], power)
check("--power --json has the smallest factor", all(0 < op["smallest"] < 1e-5 for op in power["ops"]), power)
check("--power catches every fault", code == 0 and "2 ops, " in out and "missed" not in out, out)
check("--power names the smallest", "1e-0" in out.splitlines()[1], out)

for bad in (
    [],
    ["--load", "/nowhere/libmyops.so"],
    ["--op", "tanhh"],
    ["--all", "--op", "tanhh"],
    ["--op", "tanh", "--order", "-1"],
    ["--op", "tanh", "--dtype", "float", "--order", "3"],
    ["--bogus"],
    ["--op", "tanh", "--order", "0"],
    ["--op", "tanh", "--shapes", "many"],
    ["--op", "tanh", "--json", "/nowhere/report.json"],
    ["--power", "--op", "tanh", "--html", "page.html"],
    ["--power", "--op", "tanh", "--junit", "junit.xml"],
    ["--power", "--op", "tanh", "--dtype", "float"],
    ["--power", "--op", "tanh", "--json", "/nowhere/power.json"],
):
    code, out, err = run(*bad)
    check(f"{bad} exits 2", code == 2 and err, out + err)
    check(f"{bad} prints nothing before", out == "", out)
check(
    "--dtype float says what it does not take",
    run("--op", "tanh", "--dtype", "float", "--order", "3")[2]
    == "gradcheck: --dtype float does not take --order 3; gradients in float are checked to first order\n",
    "",
)
code, out, err = run("--load", MYOPS, "--list")
check("--load --list lists the library's ops", code == 0 and len(out.splitlines()) == 4, out + err)
with open("/dev/full", "w") as full:
    done = subprocess.run([PROGRAM, "--op", "tanh"], stdout=full, stderr=subprocess.PIPE, text=True)
check("output that is lost exits 2", done.returncode == 2 and "cannot write the output" in done.stderr, done.stderr)
check("the name is shown", 'no op is named "tanhh"' in run("--op", "tanhh")[2], err)
check("--help exits 0", run("--help")[0] == 0, "")
check(
    "--power says what it does not take",
    run("--power", "--op", "tanh", "--html", "page.html")[2]
    == "gradcheck: --power does not take --html; its faults are of first order and in double, and its report is text or --json\n",
    "",
)
