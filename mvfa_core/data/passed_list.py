"""Lists of files that are passed over, bounded. That of an archive is kept as a hidden file beside its pictures:
whoever reads the folder can still name them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mvfa_core.data.encodings import ENCODINGS
from mvfa_core.data.sets import PassedOver, Unreadable
from mvfa_core.files import read_json

PASSED_LIST = ".passed_over.json"
MOST_NAMED = 1_000
"""Files that are named for one reason; the others are counted."""


def bounded(passed_over: Iterable[PassedOver]) -> tuple[PassedOver, ...]:
    """The first `MOST_NAMED` files of every reason; the others as one entry that counts them. Pictures that cannot be
    decoded are all named."""
    named: Counter[str] = Counter()
    more: Counter[str] = Counter()
    kept = []
    for one in passed_over:
        if not isinstance(one, Unreadable) and (one.count > 1 or named[one.reason] >= MOST_NAMED):
            more[one.reason] += one.count
            continue
        named[one.reason] += 1
        kept.append(one)
    return (*kept, *(PassedOver(f"({count:,} more files)", reason, count) for reason, count in more.items()))


def write_passed(folder: Path, passed_over: Iterable[PassedOver], encoding: str | None = None) -> None:
    """Keep what was passed over, and in which encoding the archive's names were read."""
    files = [{"file": one.file, "reason": one.reason, "count": one.count} for one in bounded(passed_over)]
    (folder / PASSED_LIST).write_text(json.dumps({"encoding": encoding, "files": files}))


def read_passed(folder: Path) -> tuple[list[PassedOver], str | None]:
    """The files and the encoding; nothing where there is no such list, or where it is damaged."""
    try:
        found: dict[str, Any] = read_json(folder / PASSED_LIST)
        files = [PassedOver(str(one["file"]), str(one["reason"]), int(one["count"])) for one in found["files"]]
        encoding = found["encoding"] if found["encoding"] in ENCODINGS else None
    except (OSError, ValueError, TypeError, KeyError):
        return [], None
    return files, encoding
