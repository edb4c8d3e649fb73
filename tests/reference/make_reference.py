#!/usr/bin/env python3
"""Writes ops*.json, optim.json, schedule.json, losses.json: what PyTorch computes, in double.

usage: make_reference.py [FOLDER]      (default: the folder it lives in)

For development only: needs `pip install torch==2.13.0` (the CPU build, which brings mpmath); the
tests read the files it wrote. cases_FAMILY.py gives ops_FAMILY.json, cases.py ops.json. Each case
has the op's name, its inputs and parameters "p", the output, a random gradient "seed" of the
output, the inputs' "grads", directions "v", and the second-order product "second", the gradient of
sum(grads . v); or, in place of all that follows "p", the kind of "error" that ours throws and the
function that it names. Numbers that JSON lacks are strings. The same seed gives the same files.
trajectories.py says what the runs of optimisers and schedules have, loss_trajectories.py those of
losses.
"""

import importlib
import json
import math
import sys
from pathlib import Path

import torch
import loss_trajectories
import trajectories

DECIMALS = 64  # inputs are multiples of 1/64: exact in float, and failures read well


def number(value):
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def plain(tensor):
    lazy = torch._is_zerotensor(tensor)  # zeros without storage
    tensor = torch.zeros(tensor.shape, dtype=torch.float64) if lazy else tensor.detach()
    return {
        "shape": list(tensor.shape),
        "data": [number(value) for value in tensor.reshape(-1).tolist()],
    }


def rounded(tensor):
    return torch.round(tensor * DECIMALS) / DECIMALS


def draw(spec, generator):
    """An input: a shape, (shape, low, high), or a value in full."""
    if isinstance(spec, torch.Tensor):
        return spec.clone()
    shape, low, high = spec if spec and isinstance(spec[0], tuple) else (tuple(spec), -2.0, 2.0)
    unit = torch.rand(shape, dtype=torch.float64, generator=generator)
    return rounded(low + (high - low) * unit)


def refusal(case, xs):
    """A case that must fail: in PyTorch (unless it has no such call, f = None) as in ours."""
    if case["f"] is not None:
        try:
            case["f"](*xs)
        except (RuntimeError, IndexError, ValueError, TypeError):
            pass
        else:
            raise SystemExit(f"PyTorch does not refuse {case}")
    out = {"op": case["op"], "inputs": [plain(x) for x in xs], "p": case.get("p", {})}
    return {**out, "error": case["error"], "by": case.get("by", case["op"])}


def record(case, generator):
    xs = [draw(spec, generator) for spec in case["inputs"]]
    if "error" in case:
        return refusal(case, xs)
    wants = case.get("wants", [True] * len(xs))
    order = case.get("order", 2)
    for x, want in zip(xs, wants):
        x.requires_grad_(want and order > 0)
    y = case["f"](*xs)
    out = {"op": case["op"], "inputs": [plain(x) for x in xs], "p": case.get("p", {})}
    for flag in ("relative", "float_tolerance", "signs", "double_only"):
        if flag in case:
            out[flag] = case[flag]
    out["output"] = plain(y)
    active = [x for x in xs if x.requires_grad]
    if order == 0 or not y.requires_grad:
        return out
    seed = rounded(torch.randn(y.shape, dtype=torch.float64, generator=generator))
    grads = torch.autograd.grad(
        y, active, seed, create_graph=order > 1, allow_unused=True, materialize_grads=True
    )
    out["wants"] = [bool(x.requires_grad) for x in xs]
    out["seed"] = plain(seed)
    out["grads"] = [plain(g) for g in grads]
    if order == 1:
        return out
    v = [rounded(torch.randn(x.shape, dtype=torch.float64, generator=generator)) for x in active]
    total = sum(((g * d).sum() for g, d in zip(grads, v)), torch.zeros((), dtype=torch.float64))
    if total.requires_grad:
        second = torch.autograd.grad(total, active, allow_unused=True, materialize_grads=True)
    else:
        second = [torch.zeros_like(x) for x in active]
    out["v"] = [plain(d) for d in v]
    out["second"] = [plain(h) for h in second]
    return out


def write(path, rows):
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    path.write_text(f"[\n{lines}\n]\n")


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    here = Path(__file__).resolve().parent
    folder = Path(sys.argv[1]) if len(sys.argv) == 2 else here
    for source in sorted(here.glob("cases*.py")):
        generator = torch.Generator().manual_seed(20260101)
        family = importlib.import_module(source.stem)
        cases = [record(case, generator) for case in family.all_cases()]
        name = source.stem.replace("cases", "ops") + ".json"
        write(folder / name, cases)
        print(f"{name}: {len(cases)} cases of {len({case['op'] for case in cases})} ops")
    every = {**trajectories.all_runs(), "losses.json": list(loss_trajectories.all_runs())}
    for name, runs in every.items():
        write(folder / name, runs)
        print(f"{name}: {len(runs)} runs of {len({run['name'] for run in runs})}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
