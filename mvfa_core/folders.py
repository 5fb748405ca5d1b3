"""Where this project keeps what it makes and what it is given. The environment may name other places."""

from __future__ import annotations

import os
from pathlib import Path


def data_root() -> Path:
    """Where datasets lie, each in a folder of its name: $MVFA_DATA, or `data` below the working directory."""
    return Path(os.environ.get("MVFA_DATA", "data"))


def cache_root() -> Path:
    """Where decoded pictures are kept: $MVFA_CACHE, or `.cache/mvfa` below the working directory."""
    return Path(os.environ.get("MVFA_CACHE", ".cache/mvfa"))


def runs_root() -> Path:
    """Where runs live: $MVFA_RUNS, or `runs` below the working directory."""
    return Path(os.environ.get("MVFA_RUNS", "runs"))
