"""Pictures that somebody hands over as a zip: unpacked once into a folder of their own, which stays.

A folder is named after the zip and its content, `<name>-<digest>`, below `uploads` in the data root: the same zip
again is the same folder, and a run's recipe that names it still finds it after a restart.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from mvfa_core.data.archives import Limits, unpack_telling
from mvfa_core.data.encodings import expect_encoding
from mvfa_core.data.layouts import find
from mvfa_core.data.passed_list import read_passed, write_passed
from mvfa_core.data.sets import DataError, PassedOver, Progress, silent
from mvfa_core.folders import data_root

LIMITS = Limits(entries=100_000, size=4 * 2**30, nested=False, believe=False)
"""For whoever may only upload; `data get --from` takes larger archives."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_LONGEST_SLUG = 40
_SHOWN = 12
"""Digits of the digest in the name of a folder; all of them stand in a file beside it."""


@dataclass(frozen=True)
class Upload:
    """A folder of pictures that came as a zip. `passed_over` are the files of the zip that were not unpacked;
    `encoding` is what its names were read in, where the zip did not say it."""

    folder: Path
    passed_over: tuple[PassedOver, ...] = ()
    encoding: str | None = None

    @property
    def name(self) -> str:
        """For people: the zip's name, in letters that are safe everywhere, and the digest."""
        return self.folder.name


def uploads_root() -> Path:
    """Where the folders lie."""
    return data_root() / "uploads"


def keep(
    archive: Path | str,
    name: str,
    *,
    encoding: str | None = None,
    progress: Progress = silent,
    root: Path | None = None,
    most_bytes: int = LIMITS.size,
) -> Upload:
    """Unpack a zip of pictures in any layout that is read, or find it unpacked already.

    Args:
        archive: the zip's file, whatever it is called.
        name: what its owner calls it; taken as words, never as a path.
        encoding: of the names in it, one of `encodings.ENCODINGS`; the likeliest if not given. Each makes a folder
            of its own.
        root: where the folder shall lie, `uploads_root()` if not given. most_bytes: of all pictures, unpacked.

    Raises:
        DataError: it is no zip, it is refused (see `archives`), or there are not two classes of pictures in it.
    """
    archive = Path(archive)
    shown = _slug(name)
    with archive.open("rb") as file:
        if not file.read(4).startswith(_ZIP):
            raise DataError(f"{shown}: this is no zip, whatever it is called; pack the class folders into a zip")
        file.seek(0)
        whole = hashlib.file_digest(file, "sha256")
    if encoding is not None:
        encoding = expect_encoding(encoding)
        whole.update(encoding.encode())
    digest = whole.hexdigest()
    root = root or uploads_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{digest}.lock"):
            there = next((place for place in root.glob("*-*") if place.is_dir() and _is(place, digest)), None)
            if there is None:
                # a part of the digest is no proof: another zip may have the same, by chance or on purpose
                parts = [digest[start : start + _SHOWN] for start in range(0, len(digest), _SHOWN)]
                part = next((one for one in parts if not any(root.glob(f"*-{one}"))), digest)
                there = _unpacked(archive, root / f"{shown}-{part}", encoding, progress, most_bytes)
                _digest_file(there).write_text(digest)
            return _upload(there)
    except OSError as error:
        raise DataError(f"{shown}: cannot be unpacked here ({error.strerror or error})") from None


def _digest_file(place: Path) -> Path:
    return place.with_name(f".{place.name}.sha256")


def _is(place: Path, digest: str) -> bool:
    """Whether a folder is that of the zip with that digest; earlier versions noted no more of it than the name says."""
    try:
        return _digest_file(place).read_text() == digest
    except (OSError, UnicodeDecodeError):
        return place.name.endswith(f"-{digest[:_SHOWN]}")


def _unpacked(archive: Path, place: Path, encoding: str | None, progress: Progress, most_bytes: int) -> Path:
    """The zip's pictures in `place`, whole or not at all."""
    part = place.with_name(f".{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    named = part / f"{place.name}.zip"  # what the refusals call it
    try:
        _link(archive, named)
        inside = part / place.name
        inside.mkdir()
        limits = replace(LIMITS, size=min(most_bytes, LIMITS.size))
        tally = unpack_telling(named, inside, limits=limits, encoding=encoding, progress=progress)
        write_passed(inside, tally.passed_over, tally.encoding)
        find(inside, join_names=True)  # what has none of the layouts is not let in; its reader may join names or not
        os.replace(inside, place)
    except DataError as error:
        raise DataError(str(error).replace(place.name, place.name.rpartition("-")[0])) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return place


def uploads(root: Path | None = None) -> list[Upload]:
    """All that were kept in a folder, `uploads_root()` if not given, the newest first."""
    root = root or uploads_root()
    places = [p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")] if root.is_dir() else []
    return [_upload(place) for place in sorted(places, key=lambda p: p.stat().st_mtime, reverse=True)]


def remove(upload: Upload, in_use: Iterable[str]) -> None:
    """Take a folder away.

    Args:
        in_use: the `data` of every recipe that may still be asked for.

    Raises:
        DataError: one of them is this folder.
    """
    if any(Path(data).resolve() == upload.folder.resolve() for data in in_use):
        raise DataError(f"{upload.name}: a run was trained on these pictures and may need them again; remove it first")
    shutil.rmtree(upload.folder, ignore_errors=True)
    _digest_file(upload.folder).unlink(missing_ok=True)


def _upload(place: Path) -> Upload:
    passed_over, encoding = read_passed(place)
    return Upload(Path(os.path.abspath(place)), tuple(passed_over), encoding)


def _slug(name: str) -> str:
    """A name in letters, digits, - and _, of at most `_LONGEST_SLUG`."""
    stem = re.split(r"[/\\]", name)[-1]
    stem = stem[:-4] if stem.lower().endswith(".zip") else stem
    return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:_LONGEST_SLUG].strip("-") or "pictures"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(source, target)
