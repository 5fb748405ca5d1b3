"""The commands, one module each: HELP, add(parser), run(args)."""

from __future__ import annotations

from types import ModuleType

from mvfa_core.cli import (
    accuracy,
    adopt,
    bench,
    bundle,
    data,
    estimate,
    evaluate,
    explain,
    export,
    figure,
    metrics,
    params,
    reproduce,
    runs,
    train,
)
from mvfa_core.cli.output import FailureError

COMMANDS: dict[str, ModuleType] = {
    "train": train,
    "adopt": adopt,
    "estimate": estimate,
    "eval": accuracy,
    "metrics": metrics,
    "evaluate": evaluate,
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
OLD_NAMES = {"measure": "metrics", "survey": "evaluate"}
"""What commands were called before: still taken, with a notice."""

__all__ = ["COMMANDS", "OLD_NAMES", "FailureError"]
