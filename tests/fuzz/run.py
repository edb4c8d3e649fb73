#!/usr/bin/env python3
"""Runs a fuzz target for a while, from its stored inputs.

usage: run.py [--seconds N] [--keep] FUZZ_TARGET

FUZZ_TARGET is one of build-asan/tests/fuzz_*, which `tools/check` builds. By hand:

    CXX=clang++-14 meson setup build-fuzz -Dfuzz=true -Dplain_malloc=true -Db_lundef=false
    ninja -C build-fuzz tests/fuzz_npy
    tests/fuzz/run.py --seconds 600 build-fuzz/tests/fuzz_npy

The inputs are those of the
folder corpus/READER beside this script and what make_files.py made for that reader. A finding is
left in the current folder, and the exit code is 1.

  --seconds N  how long (default 3)
  --keep       afterwards, store the smallest set of small inputs that runs the same code
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = {
    "npy": "numpy*.npy",
    "npz": "numpy*.npz",
    "safetensors": "torch_*.safetensors",
}
MAX_KEPT_BYTES = 512  # of an input


def run(*command):
    process = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if process.returncode != 0:
        sys.stdout.write(process.stdout + process.stderr)
        sys.exit(1)
    return process.stderr.splitlines()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    reader = options.target.name.removeprefix("fuzz_")
    corpus = HERE / "corpus" / reader
    dictionary = HERE / f"{reader}.dict"
    with tempfile.TemporaryDirectory() as folder:
        found, small = Path(folder) / "found", Path(folder) / "small"
        found.mkdir()
        small.mkdir()
        for stored in (HERE.parent / "reference" / "files").glob(SEEDS.get(reader, "")or "none"):
            shutil.copy(stored, found)
        inputs = [found] + ([corpus] if corpus.is_dir() else [])
        extra = [f"-dict={dictionary}"] if dictionary.exists() else []
        log = run(
            options.target.absolute(), *inputs, *extra, f"-max_total_time={options.seconds}",
            "-max_len=4096", "-rss_limit_mb=1024", "-malloc_limit_mb=64", "-timeout=10", "-print_final_stats=1",
        )
        print(*[line for line in log if line.startswith("stat::number_of_executed")], log[-1])
        if options.keep:
            limit = f"-max_len={MAX_KEPT_BYTES}"
            run(options.target.absolute(), "-merge=1", limit, small, *inputs)
            shutil.rmtree(corpus, ignore_errors=True)
            corpus.parent.mkdir(exist_ok=True)
            shutil.copytree(small, corpus)
            print(len(list(corpus.iterdir())), "inputs kept")


if __name__ == "__main__":
    main()
