#!/usr/bin/env python3
"""Fails for a module of nn/*.hpp that has no row in the zoo.

usage: zoo_complete.py NN_ZOO FOLDER

Modules are the classes that derive, directly or not, from Module, and that no other class derives
from; and the functions that return a Lambda. Rows are known by what describe() says.
"""

import re
import subprocess
import sys
from pathlib import Path

CLASS = re.compile(r"^class (\w+)(?: final)? : public (\w+)<T> \{", re.M)
FUNCTION = re.compile(r"\]\] Lambda<T> (\w+)\(")


def modules_of(folder):
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.hpp")))
    base_of = dict(CLASS.findall(text))

    def is_module(name):
        return name == "Module" or (name in base_of and is_module(base_of[name]))

    leaves = {name for name in base_of if is_module(name)} - set(base_of.values())
    return leaves | set(FUNCTION.findall(text))


def main():
    program, folder = sys.argv[1:]
    listed = subprocess.run([program, "--list"], check=True, text=True, stdout=subprocess.PIPE)
    rows = set(listed.stdout.split())
    modules = modules_of(Path(folder))
    if len(modules) < 40:
        print(f"only {len(modules)} modules found in {folder}; the scan misses some")
        return 1
    for name in sorted(modules - rows):
        print(f"{name} has no row in the zoo; add one to tests/nn/zoo_rows.cpp")
    print(f"{len(modules)} modules, {len(modules - rows)} without a row")
    return 1 if modules - rows else 0


if __name__ == "__main__":
    sys.exit(main())
