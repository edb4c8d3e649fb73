#!/usr/bin/env python3
"""Installs a build into a scratch folder and builds and runs main.cpp against that copy alone.

usage: run.py SOURCE_DIR BUILD_DIR COMPILER [COMPILER ARGUMENT...]

The build must be up to date. Nothing is written outside the scratch folder and the build's logs.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path


class Failure(Exception):
    """A check that did not hold; the text says which."""


def output_of(command, **options):
    """What the command printed; raises Failure with all it said when it fails."""
    run = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **options,
    )
    if run.returncode != 0:
        said = f"{shlex.join(map(str, command))}: exit code {run.returncode}\n{run.stdout}"
        raise Failure(said)
    return run.stdout


def the_only(pattern, top):
    found = list(top.rglob(pattern))
    if len(found) != 1:
        raise Failure(f"{len(found)} files {pattern} installed; need exactly one")
    return found[0]


def relocate(pc, root):
    """Points the package file at the scratch copy: its prefix lies below root now.

    Only this one prefix may move, so neither PKG_CONFIG_SYSROOT_DIR nor --define-variable
    would do: they reach the packages it requires too.
    """
    text, lines = re.subn(
        r"^prefix=(.*)$", lambda line: f"prefix={root}{line[1]}", pc.read_text(), flags=re.M
    )
    if lines != 1:
        raise Failure(f"{pc.name} has {lines} lines 'prefix=...'; need one")
    pc.write_text(text)


def check(source, build, compiler, scratch):
    root = scratch / "root"
    output_of(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root])
    packages = [the_only(f"{name}.pc", root) for name in ("xgrad", "xgrad-gradcheck")]
    for pc in packages:
        for place in (source, build):
            if str(place) in pc.read_text():
                raise Failure(f"{pc.name} names {place}; installed files must not depend on it")
        relocate(pc, root)

    search = os.pathsep.join(filter(None, [str(packages[0].parent), os.environ.get("PKG_CONFIG_PATH")]))
    environment = {**os.environ, "PKG_CONFIG_PATH": search}
    flags = shlex.split(output_of(["pkg-config", "--cflags", "--libs", "xgrad-gradcheck"], env=environment))
    include = the_only("nn.hpp", root).parent.parent
    if f"-I{include}" not in flags:
        raise Failure(f"xgrad.pc gives {shlex.join(flags)}; need -I{include}")

    program = scratch / "main"
    # Away from the source tree, so that no header is found there.
    main = scratch / "main.cpp"
    main.write_bytes((source / "tests" / "install" / "main.cpp").read_bytes())
    output_of([*compiler, "-std=c++20", main, "-o", program, *flags], cwd=scratch)
    # Where a shared library lies; a static one does not mind.
    libraries = [str(library.parent) for library in root.rglob("libxgrad.*")]
    paths = os.pathsep.join(filter(None, [*libraries, os.environ.get("LD_LIBRARY_PATH")]))
    said = output_of([program], cwd=scratch, env={**os.environ, "LD_LIBRARY_PATH": paths})
    if said != "OK\n":
        raise Failure(f"the program printed {said!r}; need 'OK'")


def main():
    if len(sys.argv) < 4:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    source, build = (Path(argument).resolve() for argument in sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="xgrad-install-") as scratch:
        try:
            check(source, build, sys.argv[3:], Path(scratch).resolve())
        except Failure as failure:
            print(f"install: {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
