"""Files that are there whole or not at all, whatever ends the process or the machine in between."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from mvfa_core.names import visible

PART = ".part"
"""What the name of a file that is still being written ends in."""
MOST_JSON = 64 * 2**20
_LONGEST_NAME = 255
"""Bytes of a file's name."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


@contextmanager
def whole_file(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file to write bytes into, under a temporary name; renamed to `path` at the end, so that a reader sees the old
    content or the new. What could not be finished, for want of space perhaps, is removed.

    Args:
        durable: wait until the disk has it, so that a power cut leaves no empty file under a good name.
    """
    # two servers may write the same file at once: neither must rename what the other one is still writing
    temporary = path.with_name(_part_name(path.name, f".{os.getpid()}-{threading.get_ident()}{PART}"))
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


def _part_name(name: str, ending: str) -> str:
    """The name with that ending; of a name so long that no file can have both, only its beginning."""
    return (name if len(os.fsencode(name + ending)) <= _LONGEST_NAME else name[:40]) + ending


def expect_writable(path: Path, *, folder: bool = False) -> None:
    """Look whether a file can be written there, before the work that leads to it. Nothing is made; folders that are
    missing above it are made with it.

    Args:
        folder: it is to be a folder with files in it, which may be there.

    Raises:
        OSError: it cannot, for the reason that the system would give; `sentence_of` tells it.
    """
    path = path.absolute()
    if path.exists():
        if not folder and path.is_dir():
            raise _refusal(errno.EISDIR, path)
        if not folder and not path.is_file():
            raise OSError(errno.EINVAL, "no ordinary file; name another", str(path))
    place = path if folder else path.parent
    try:  # the system refuses a name that no file can have
        with suppress(FileNotFoundError):
            (path if folder else path.with_name(path.name + _LONGEST_PART)).lstat()
    except OSError as error:
        raise _refusal(error.errno or errno.EINVAL, path) from error
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise _refusal(errno.ENOTDIR, place)
    if not os.access(place, os.W_OK | os.X_OK):
        raise _refusal(errno.EACCES, place)
    if hasattr(os, "statvfs") and os.statvfs(place).f_flag & os.ST_RDONLY:  # which access does not tell root
        raise _refusal(errno.EROFS, place)


_LONGEST_PART = f".4194304-{2**47}{PART}"
"""The longest that `whole_file` puts behind a name: a process, a thread, and its ending."""


def _refusal(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))


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


def roots() -> list[Path] | None:
    """The folders that paths from users must lie in, $MVFA_FOLDERS with the system's separator between them; None where
    it is not set, and every folder may be used."""
    told = os.environ.get("MVFA_FOLDERS")
    return None if told is None else [Path(one).resolve() for one in told.split(os.pathsep) if one.strip()]


def expect_inside(path: Path, *own: Path) -> None:
    """Raise `ValueError` if the path, all links followed, lies in none of the `roots` and in none of our `own`."""
    allowed = roots()
    if allowed is None:
        return
    real = path.resolve()
    if not any(real.is_relative_to(root) for root in (*allowed, *(one.resolve() for one in own))):
        raise ValueError(f"{visible(path.name)}: lies outside of the folders that may be used here (MVFA_FOLDERS)")


_REFUSALS = {
    errno.ENOSPC: "the disk is full; what was saved before is kept. Free some space, then try again",
    errno.EDQUOT: "the disk quota is used up; what was saved before is kept. Free some space, then try again",
    errno.EFBIG: "the file would be too large for this disk; what was saved before is kept",
    errno.EROFS: "it can only be read here; what was saved before is kept. Make its folder writable, then try again",
    errno.EACCES: "there is no right to it; what was saved before is kept. Change its rights, then try again",
    errno.EPERM: "there is no right to it; what was saved before is kept. Change its rights, then try again",
    errno.ENOENT: "it is not there, or not any more",
    errno.ENAMETOOLONG: "the name is too long for a file; choose a shorter one",
    errno.ELOOP: "the links lead round in a circle; name the file itself",
    errno.ENOTDIR: "a part of the path is no folder",
    errno.EISDIR: "it is a folder; name a file in it",
    errno.EIO: "the disk could not read or write it; look after the disk",
}
WRONG_NAME = (errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EINVAL)
"""What the system says of a name that somebody gave, not of the state of the machine."""


def sentence_of(error: OSError) -> str:
    """What the system refused and what to do, with the name of the file and without the place where it lies."""
    name = visible(Path(os.fsdecode(error.filename)).name) if isinstance(error.filename, str | bytes) else ""
    said = error.strerror or ("" if error.filename else str(error)) or type(error).__name__  # all of it tells the place
    why = _REFUSALS.get(error.errno or 0) or visible(said.lower(), None)
    return f"{name}: {why}" if name else why


def parts_of(path: Path) -> list[Path]:
    """What killed processes were about to write to a file."""
    return [part for part in path.parent.glob(f"*{PART}") if part.name.startswith(path.name + ".")]


def read_json(file: Path, most: int = MOST_JSON) -> Any:
    """What a JSON file says.

    Raises:
        OSError: it is not there, cannot be read, or is no file: a pipe would never end. ValueError: as `parse_json`.
    """
    with open(file, "rb", opener=_without_waiting) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a file", str(file))
        return parse_json(opened.read(most + 1), most)


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def parse_json(text: str | bytes, most: int = MOST_JSON) -> Any:
    """What JSON says; whoever wrote it may have meant to trip the reader.

    Raises:
        ValueError: longer than `most`, no JSON, nested too deeply, or with half a letter in it, which nothing can show.
    """
    if len(text) > most:
        raise ValueError(f"longer than {most:,} bytes")
    text = text if isinstance(text, str) else text.decode()
    try:
        found = json.loads(text)
        if _HALF.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found
