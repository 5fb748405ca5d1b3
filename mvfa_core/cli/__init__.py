"""The commands, one module each: HELP, add(parser), run(args)."""

from __future__ import annotations

from types import ModuleType

from mvfa_core.cli import bench, bundle, data, evaluate, explain, export, figure, params, reproduce, runs, train
from mvfa_core.cli.output import FailureError

COMMANDS: dict[str, ModuleType] = {
    "train": train,
    "eval": evaluate,
    "explain": explain,
    "runs": runs,
    "data": data,
    "bench": bench,
    "bundle": bundle,
    "params": params,
    "export": export,
    "figure": figure,
    "reproduce": reproduce,
}

__all__ = ["COMMANDS", "FailureError"]
