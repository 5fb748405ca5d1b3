"""The commands, one module each: HELP, add(parser), run(args)."""

from __future__ import annotations

from types import ModuleType

from mvfa_core.cli import (
    adopt,
    bench,
    bundle,
    data,
    estimate,
    evaluate,
    explain,
    export,
    figure,
    measure,
    params,
    reproduce,
    runs,
    survey,
    train,
)
from mvfa_core.cli.output import FailureError

COMMANDS: dict[str, ModuleType] = {
    "train": train,
    "adopt": adopt,
    "estimate": estimate,
    "eval": evaluate,
    "measure": measure,
    "survey": survey,
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
