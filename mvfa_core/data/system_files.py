"""What systems and programs lay beside people's pictures: one rule for folders and archives, at every depth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mvfa_core.data.sets import PassedOver, Unreadable

HIDDEN = "hidden"
SYSTEM = "put there by a system or a program"
MOST_NAMED = 1_000
"""Files that are named for one reason; the others are counted."""

_SYSTEM = {
    name.casefold()
    for name in (
        # macOS
        "__MACOSX", "Icon\r", "Network Trash Folder", "Temporary Items",
        # Windows
        "Thumbs.db", "Thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$RECYCLE.BIN",
        "RECYCLER", "RECYCLED", "System Volume Information", "FOUND.000", "WPSystem", "Config.Msi",
        # disk stations: Synology, QNAP
        "@eaDir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@Recycle", "@Recently-Snapshot", "@__thumb",
        # Linux and programs
        "lost+found", "__pycache__", "ipynb_checkpoints", "Picasa.ini", "ZbThumbnail.info", "pspbrwse.jbf", "_gsdata_",
    )
}  # fmt: skip


def system_reason(path: str) -> str | None:
    """Why a file is passed over for a part of its path below the folder, or None."""
    for part in path.replace("\\", "/").split("/"):
        if part.startswith(".") and part not in (".", ".."):
            return HIDDEN
        if part.casefold() in _SYSTEM or part.startswith("~$"):
            return SYSTEM
    return None


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
