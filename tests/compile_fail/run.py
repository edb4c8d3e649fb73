#!/usr/bin/env python3
"""Checks that a source does not compile, for the stated reason.

usage: run.py CASE.cpp COMPILER [FLAG...]

The case carries one or more lines `// expect: REGEX`. With CONTROL defined it must compile, which
proves that nothing but the fault stands in the way; without, it must not, and the compiler's
output must match every REGEX.
"""

import os
import re
import subprocess
import sys
from pathlib import Path


def compile_case(command, case):
    """(whether it compiled, what the compiler said)."""
    run = subprocess.run(
        [*command, "-std=c++20", "-fsyntax-only", case],
        # Plain ASCII messages in English, whoever runs this.
        env={**os.environ, "LC_ALL": "C"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return run.returncode == 0, run.stdout


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    case, command = sys.argv[1], sys.argv[2:]
    expected = re.findall(r"^\s*// expect: (.+?)\s*$", Path(case).read_text(), re.MULTILINE)
    if not expected:
        print(f"{case}: no line '// expect: REGEX'; say why it must not compile")
        return 1
    compiled, output = compile_case([*command, "-DCONTROL"], case)
    if not compiled:
        print(f"{case}: does not compile with CONTROL defined; it must\n{output}")
        return 1
    compiled, output = compile_case(command, case)
    if compiled:
        print(f"{case}: compiles; it must not")
        return 1
    missing = [regex for regex in expected if not re.search(regex, output)]
    for regex in missing:
        print(f"{case}: the compiler's output does not match '{regex}'\n{output}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
