#!/usr/bin/env python3
"""Checks that kernel objects for one instruction set define nothing that other objects could get.

usage: kernel_symbols.py LIBRARY ISA

A function with external linkage whose name does not say the instruction set may be merged by the
linker with the same function of another object: AVX-512 code would then run on every machine.
Data is exempt: the tables that all objects share (kernel slots, ops) hold no code.
"""

import re
import subprocess
import sys

DATA = re.compile(
    r"kernel_slot|formula_op|^guard variable|^typeinfo|^vtable|^DW\.ref\.|Enroll<.*>::done"
)


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    library, isa = sys.argv[1:]
    said = subprocess.run(
        ["nm", "-C", "--defined-only", library], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    functions, loose = 0, set()
    for line in said.splitlines():
        symbol = re.match(r"[0-9a-f]+ ([TWVu]) (.*)", line)
        if not symbol or DATA.search(symbol[2]):
            continue
        functions += 1
        # In the namespace of the instruction set, or a template on its batch type.
        if isa not in symbol[2]:
            loose.add(f"{symbol[1]} {symbol[2]}")
    print("\n".join(sorted(loose)), end="\n" if loose else "")
    print(f"{functions} functions, {len(loose)} not bound to {isa}")
    return 1 if loose or not functions else 0


if __name__ == "__main__":
    sys.exit(main())
