"""Files that are there whole or not at all, whatever ends the process or the machine in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""What the name of a file that is still being written ends in."""


@contextmanager
def whole_file(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file to write bytes into, under a temporary name; renamed to `path` at the end, so that a reader sees the old
    content or the new. What could not be finished, for want of space perhaps, is removed.

    Args:
        durable: wait until the disk has it, so that a power cut leaves no empty file under a good name.
    """
    temporary = path.with_name(path.name + PART)
    try:
        with temporary.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def replace_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Put `text` where `path` was, as UTF-8."""
    with whole_file(path, durable=durable) as file:
        file.write(text.encode())


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in a folder: a rename may be lost without it. Windows has no such call."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
