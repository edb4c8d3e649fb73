#!/usr/bin/env python3
"""Runs the ops program: every op has samples, reference rows and a doc, or a reason why not.

usage: ops_program_test.py PROGRAM SOURCE_FOLDER
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM, SOURCE = sys.argv[1], Path(sys.argv[2])
UNDOCUMENTED = {
    "accumulate": "the tape's own addition, which no one calls",
    "alias": "internal, for hooks and derivatives at a value: autograd/alias.hpp",
    "map_axes": "the sparse map of pooling and interpolation, which no one calls",
    "place": "the rule of slice, which no one calls",
}


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def check(what, fine, shown):
    if not fine:
        sys.exit(f"{what}:\n{shown}")


def excused():
    """The ops that reference_test.cpp lets go without reference values."""
    source = (SOURCE / "tests/ops/reference_test.cpp").read_text()
    table = re.search(r"internal = \{\n(.*?)\n\};", source, re.DOTALL).group(1)
    return set(re.findall(r'^    \{"(\w+)",', table, re.MULTILINE))


code, out, err = run("--list", "--json")
check("--list --json exits 0", code == 0, out + err)
report = json.loads(out)
ops = {op["name"]: op for op in report["ops"]}
check("at least 150 ops", len(ops) >= 150 and report["count"] == len(ops), len(ops))
check("every op has samples", all(op["samples"] >= 1 for op in ops.values()), out)

without = {name for name, op in ops.items() if op["reference_rows"] == 0}
check("reference rows, or an excuse", without == excused(), without ^ excused())
without = {name for name, op in ops.items() if not op["doc"]}
check("a doc, or an excuse", without == set(UNDOCUMENTED), without ^ set(UNDOCUMENTED))
for name, op in ops.items():
    if op["doc"]:
        check("the header is there", (SOURCE / op["header"]).is_file(), op)
        check("the family is the header's name", Path(op["header"]).stem == op["family"], op)
    of = set(op["made_of"])
    check("a primitive is made of nothing", (op["kind"] == "primitive") == (not of), op)
    check("composites are made of ops", of <= set(ops), op)

# What is known of a few.
tanh = ops["tanh"]
check("tanh", (tanh["kind"], tanh["family"]) == ("primitive", "elementwise"), tanh)
check("tanh's doc is one sentence", tanh["doc"] == "Hyperbolic tangent.", tanh)
check("mean is made of sum and div", ops["mean"]["made_of"] == ["div", "sum"], ops["mean"])
check("a flat op is a primitive", ops["sign"]["kind"] == "primitive", ops["sign"])

code, out, err = run("--list")
lines = out.splitlines()
check("a table by family", code == 0 and "elementwise" in lines and "reduce" in lines, out + err)
check("a line for each op", sum(line.startswith("    ") for line in lines) == len(ops), out)
check("totals", lines[-1].startswith(f"{len(ops)} ops, {report['primitives']} primitives, "), out)

with tempfile.TemporaryDirectory() as empty:
    code, out, err = run("--list", "--json", "--headers", empty, "--reference", empty)
    tanh = next(op for op in json.loads(out)["ops"] if op["name"] == "tanh")
    unknown = [tanh[key] for key in ("family", "header", "reference_rows", "doc")]
    check("in empty folders nothing is found", unknown == [None, None, 0, None], tanh)
    for option in ("--headers", "--reference"):
        code, out, err = run("--list", option, empty + "/none")
        check("a folder that is not there exits 2", code == 2 and "none" in err, out + err)

for bad in ([], ["--bogus"], ["--json"]):
    code, out, err = run(*bad)
    check(f"{bad} exits 2", code == 2 and err, out + err)
check("--help exits 0", run("--help")[0] == 0, "")
