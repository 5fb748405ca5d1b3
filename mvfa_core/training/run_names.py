"""What a run may be called: its name is a folder on any file system, and a line in lists."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

from mvfa_core.training.runs import RunError

LONGEST = 100
MOST_BYTES = 200
"""File systems count bytes, and temporary names add a few."""


def expect_name(name: str) -> str:
    """The name, if a run can bear it.

    Raises:
        RunError: empty, too long, a dot in front, a slash, or a sign that cannot be seen.
    """
    if not name.strip() or name != name.strip():
        raise RunError(f"name: expected letters without spaces around them, got {name!r}")
    if len(name) > LONGEST or len(name.encode(errors="replace")) > MOST_BYTES:
        raise RunError(f"name: expected at most {LONGEST} characters, got {len(name)}")
    if name.startswith("."):
        raise RunError(f"name: expected no dot in front, got {name!r}")
    if any(sign in name for sign in '/\\:*?"<>|'):
        raise RunError(f'name: expected none of / \\ : * ? " < > | in it, got {name!r}')
    if not name.isprintable():
        raise RunError(f"name: expected signs that can be seen, got {name!r}")
    return name


def free_place(folder: Path, name: str) -> Path:
    """A path in `folder` that nothing has: the name, or the name with a number behind it."""
    names = chain([name], (f"{name}-{i}" for i in count(2)))
    return next(path for path in map(folder.joinpath, names) if not path.exists())
