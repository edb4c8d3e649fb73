#!/usr/bin/env python3
"""Runs a fuzz target for a while, from its stored inputs.

usage: run.py [--seconds N] [--keep] FUZZ_TARGET

FUZZ_TARGET is one of build-asan/tests/fuzz_*, which `tools/check` builds. By hand:

    CXX=clang++-14 meson setup build-fuzz -Dfuzz=true -Dplain_malloc=true -Db_lundef=false
    ninja -C build-fuzz tests/fuzz_npy
    tests/fuzz/run.py --seconds 600 build-fuzz/tests/fuzz_npy

The inputs are those in corpus/READER.tar.xz beside this script and what make_files.py made for that
reader. A finding is left in the current folder, and the exit code is 1.

  --seconds N  how long (default 3)
  --keep       afterwards, store the smallest set of small inputs that runs the same code
"""

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = {
    "npy": "numpy*.npy",
    "npz": "numpy*.npz",
    "safetensors": "torch_*.safetensors",
}
FORMATS = {"checkpoint": "safetensors"}  # which others build upon
MAX_KEPT_BYTES = 256  # of an input


def run(*command):
    process = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, errors="replace"
    )
    if process.returncode != 0:
        sys.stdout.write(process.stdout + process.stderr)
        sys.exit(1)
    return process.stderr.splitlines()


def unpack(corpus, folder):
    with tarfile.open(corpus) as archive:
        for member in archive:
            (folder / Path(member.name).name).write_bytes(archive.extractfile(member).read())


def pack(folder, corpus):
    """The same inputs give the same bytes."""
    corpus.parent.mkdir(exist_ok=True)
    with tarfile.open(corpus, "w:xz", preset=9) as archive:
        for path in sorted(folder.iterdir()):
            member = tarfile.TarInfo(path.name)
            member.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(member, file)


def fuzz(target, inputs, dictionary, seconds):
    extra = [f"-dict={dictionary}"] if dictionary.exists() else []
    log = run(
        target, inputs, *extra, f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10",
        "-rss_limit_mb=1024", "-malloc_limit_mb=64", "-print_final_stats=1",
    )
    counts = [line.split()[-1] for line in log if "number_of_executed_units" in line]
    print(f"{target.name}: {counts[-1] if counts else 'no'} inputs in {seconds} s, no finding")


def keep(target, inputs, corpus):
    with tempfile.TemporaryDirectory() as small:
        run(target, "-merge=1", "-use_counters=0", f"-max_len={MAX_KEPT_BYTES}", small, inputs)
        pack(Path(small), corpus)
        print(f"{len(list(Path(small).iterdir()))} inputs kept, {corpus.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    target = options.target.absolute()
    reader = target.name.removeprefix("fuzz_")
    corpus = HERE / "corpus" / f"{reader}.tar.xz"
    with tempfile.TemporaryDirectory() as name:
        inputs = Path(name)
        for stored in (HERE.parent / "reference" / "files").glob(SEEDS.get(reader, "none")):
            shutil.copy(stored, inputs)
        if corpus.exists():
            unpack(corpus, inputs)
        fuzz(target, inputs, HERE / f"{FORMATS.get(reader, reader)}.dict", options.seconds)
        if options.keep:
            keep(target, inputs, corpus)


if __name__ == "__main__":
    main()
