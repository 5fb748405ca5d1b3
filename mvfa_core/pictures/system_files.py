"""What systems and programs lay beside people's pictures: one rule for folders, archives and the command line, at every
depth."""

from __future__ import annotations

HIDDEN = "hidden"
SYSTEM = "put there by a system or a program"

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
