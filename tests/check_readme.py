#!/usr/bin/env python3
"""Checks that the first C++ block of the README is an example's full text, so that it runs.

usage: check_readme.py README EXAMPLE

Prints a unified diff and exits 1 if the two differ.
"""

import difflib
import re
import sys
from pathlib import Path


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    readme, example = map(Path, sys.argv[1:])
    block = re.search(r"^```cpp\n(.*?)^```$", readme.read_text(), re.DOTALL | re.MULTILINE)
    if not block:
        print(f"{readme.name}: no ```cpp block; the first one must be {example.name}")
        return 1
    difference = difflib.unified_diff(
        block[1].splitlines(keepends=True),
        example.read_text().splitlines(keepends=True),
        f"the first block of {readme.name}",
        example.name,
    )
    text = "".join(difference)
    print(text, end="")
    return 1 if text else 0


if __name__ == "__main__":
    sys.exit(main())
