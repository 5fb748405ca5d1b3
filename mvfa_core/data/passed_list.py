"""The list of an archive's files that were passed over when it was unpacked: a hidden file beside the pictures, so that
whoever reads the folder can still name them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mvfa_core.data.encodings import ENCODINGS
from mvfa_core.data.sets import PassedOver
from mvfa_core.data.system_files import bounded
from mvfa_core.files import read_json

PASSED_LIST = ".passed_over.json"


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
