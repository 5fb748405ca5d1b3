"""Unpack what people have (zip and tar archives, folders, lists) into one folder, and nothing that could do harm.

Only pictures and lists are taken, by the rules of folders; the names of the others are kept. Refused, in words: names
that lead out of the folder, links and devices, more entries or bytes than any dataset here needs, encrypted archives,
and archives that are damaged.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mvfa_core.data.encodings import expect_encoding
from mvfa_core.data.folder import SUFFIXES
from mvfa_core.data.members import DAMAGE, Member, Names, expect_few, tar_members, zip_members
from mvfa_core.data.passed_list import write_passed
from mvfa_core.data.sets import DataError, PassedOver, Progress, silent
from mvfa_core.data.tree import LISTS, NO_PICTURE, read_tree
from mvfa_core.images import looks_like_picture
from mvfa_core.names import visible
from mvfa_core.pictures.system_files import system_reason

MOST_ENTRIES = 500_000
MOST_BYTES = 64 * 2**30
# Pictures are compressed already; what grows like this is a bomb.
MOST_GROWTH = 50
SMALL = 64 * 2**20
"""Bytes below which growth is nobody's worry."""
LONGEST_NAME = 200
"""Bytes of one part of a path; every file system here takes 255, less what a temporary name adds."""
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_BLOCK = 2**20
LONGEST_PATH = 1_000
"""Bytes of a path in an archive; what it is unpacked into lies deeper."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold at most: entries, and bytes once unpacked. `nested` is whether archives in it are
    unpacked too; else they are left out. `wanted` says which files are taken, pictures and lists if not given;
    `believe` whether a usual ending makes a picture, before it is decoded."""

    entries: int = MOST_ENTRIES
    size: int = MOST_BYTES
    nested: bool = True
    wanted: Callable[[PurePosixPath], bool] | None = None
    believe: bool = True


@dataclass
class Tally:
    """What came out of an archive: the number of files, those that were passed over, and the encoding that its names
    were read in, where nothing in it says it."""

    files: int = 0
    passed_over: list[PassedOver] = field(default_factory=list)
    encoding: str | None = None


USUAL = Limits()


def gather(sources: list[Path], target: Path, *, encoding: str | None = None, progress: Progress = silent) -> int:
    """Put the pictures and lists of archives, folders and lists into `target`, and a list of what was passed over;
    returns how many files.

    Files of a folder on the same disk are hard links, so that they take no room.

    Raises:
        DataError: a source that is not there or not one of these, or an archive that is refused.
    """
    count, tally = 0, Tally(encoding=encoding)
    for source in sources:
        if source.is_dir():
            count += _from_folder(source, target, tally.passed_over, progress)
        elif is_archive(source):
            count += unpack(source, target, encoding=encoding, tally=tally, progress=progress)
        elif source.is_file() and source.suffix.lower() in LISTS:
            count += _link(source, target / source.name)
        elif source.is_file():
            raise DataError(f"{source.name}: expected a folder, a .txt list or an archive ({', '.join(ARCHIVES)}); "
                            "unpack any other archive and name its folder")  # fmt: skip
        else:
            raise DataError(f"{visible(source.name)}: no such file or folder")
    if not count:
        raise DataError(f"{', '.join(s.name for s in sources)}: no pictures inside ({', '.join(sorted(SUFFIXES))})")
    write_passed(target, tally.passed_over, tally.encoding)
    return count


def is_archive(file: Path) -> bool:
    return file.is_file() and file.name.lower().endswith(ARCHIVES)


def unpack(
    archive: Path,
    target: Path,
    *,
    limits: Limits = USUAL,
    encoding: str | None = None,
    tally: Tally | None = None,
    progress: Progress = silent,
) -> int:
    """Unpack the pictures and lists of one archive, and of archives in it; returns how many files, and adds to `tally`.

    Raises:
        DataError: the archive is refused or damaged; what was unpacked so far stays in `target`.
    """
    found = unpack_telling(archive, target, limits=limits, encoding=encoding, progress=progress)
    if tally is not None:
        tally.passed_over += found.passed_over
        tally.encoding = tally.encoding or found.encoding
    return found.files


def unpack_telling(
    archive: Path,
    target: Path,
    *,
    limits: Limits = USUAL,
    encoding: str | None = None,
    progress: Progress = silent,
) -> Tally:
    """The same, and which files of the archive were passed over.

    Args:
        encoding: of names that do not say it, one of `encodings.ENCODINGS`; the likeliest if not given.

    Raises:
        DataError: the archive is refused or damaged; what was unpacked so far stays in `target`.
    """
    names = Names(None if encoding is None else expect_encoding(encoding))
    try:
        packed = archive.name.lower().endswith(".zip")
        members = zip_members(archive, limits.entries, names) if packed else tar_members(archive, names)
        tally = _take(archive, members, target, limits, progress)
        tally.encoding = names.used
        return tally
    except DAMAGE as error:
        why = visible(str(error))
        raise DataError(f"{archive.name}: the archive is damaged or cut off ({why}); get it again") from None


def _take(
    archive: Path,
    members: Iterator[Member],
    target: Path,
    limits: Limits,
    progress: Progress,
) -> Tally:
    """Write what is wanted. Bytes are counted as they come: the archive's own figures may lie."""
    size, taken, entries, tally = archive.stat().st_size, 0, 0, Tally()
    most = min(limits.size, max(SMALL, MOST_GROWTH * size), shutil.disk_usage(target).free)
    nested: list[Path] = []
    own: set[str] = set()
    for name, stream, position, passed in members:
        entries += 1
        expect_few(archive, entries, limits.entries)
        path = _safe(archive, name)
        head = b"" if stream is None else stream.read(_BLOCK)
        reason = None if stream is None else _refusal(path, head, limits)
        if stream is None or reason:
            if reason:
                tally.passed_over.append(PassedOver(path.as_posix(), reason))
            taken = _add(archive, taken, passed, most)
            continue
        # what differs in capitals alone is one file on many disks: the first is taken, wherever it is unpacked
        if (known := path.as_posix().casefold()) in own:
            tally.passed_over.append(PassedOver(path.as_posix(), "differs from another file in capitals alone"))
            taken = _add(archive, taken, passed, most)
            continue
        own.add(known)
        file = target / path
        _room(archive, name, file)
        with stream, file.open("wb") as out:
            block = head
            while block:
                taken = _add(archive, taken, len(block), most)
                out.write(block)
                block = stream.read(_BLOCK)
        if not limits.believe and path.suffix.lower() in SUFFIXES and not looks_like_picture(file):
            file.unlink()
            tally.passed_over.append(PassedOver(path.as_posix(), NO_PICTURE))
            continue
        if is_archive(file):
            nested.append(file)
        tally.files += 1
        progress(f"unpacking {archive.name}", min(position, size), size)
    progress(f"unpacking {archive.name}", size, size)
    for inner in nested:
        if target.name.endswith(".inside"):
            raise DataError(f"{archive.name}: archives within archives within archives; unpack it by hand")
        inside = inner.with_name(f"{inner.name}.inside")
        inside.mkdir()
        below = unpack_telling(inner, inside, limits=limits, progress=progress)
        tally.files += below.files - 1
        tally.passed_over += below.passed_over
        inner.unlink()
        shutil.copytree(inside, inner.parent, dirs_exist_ok=True, copy_function=shutil.move)
        shutil.rmtree(inside)
    return tally


def _add(archive: Path, taken: int, more: int, most: int) -> int:
    """The bytes that came out so far, as long as they are not too many."""
    if taken + more > most:
        raise DataError(f"{archive.name}: {archive.stat().st_size:,} bytes unpack to more than {most:,}; refused")
    return taken + more


def _room(archive: Path, name: str, file: Path) -> None:
    """Make the folders of a file, and nothing in its place."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)  # it may be a hard link to somebody's own
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise DataError(f"{archive.name}: {visible(name)} is a file and a folder at once; pack it again") from None


def _safe(archive: Path, name: str) -> PurePosixPath:
    """The name as a path below the target."""
    path, shown = PurePosixPath(name.replace("\\", "/")), visible(name)
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0] or "\0" in name:
        raise DataError(f"{archive.name}: {shown} leads out of the folder; such archives are refused")
    long = any(len(part.encode(errors="replace")) > LONGEST_NAME for part in path.parts)
    long = long or len(name.encode(errors="replace")) > LONGEST_PATH
    if long or not path.parts or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise DataError(f"{archive.name}: {shown} is no name for a file; rename it and pack the archive again")
    return path


def _refusal(path: PurePosixPath, head: bytes, limits: Limits) -> str | None:
    """Why a file that begins so is passed over, or None."""
    if limits.wanted is not None:
        return None if limits.wanted(path) else "not wanted"
    if reason := system_reason(path.as_posix()):
        return reason
    if path.suffix.lower() in SUFFIXES:
        return None
    if path.name.lower().endswith(ARCHIVES):
        return None if limits.nested else "an archive in an archive; unpack it first"
    return None if path.suffix.lower() in LISTS or looks_like_picture(head) else NO_PICTURE


def _from_folder(source: Path, target: Path, passed_over: list[PassedOver], progress: Progress) -> int:
    tree = read_tree(source)
    files = [*tree.pictures, *tree.texts]
    for done, file in enumerate(files, start=1):
        _link(source / file, target / file)
        progress(f"taking {source.name}", done, len(files))
    passed_over += tree.passed_over
    return len(files)


def _link(source: Path, target: Path) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(source, target)
    return 1
