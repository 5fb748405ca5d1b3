"""What an archive says it holds, one member after another; whatever it says may be a lie.

Refused, in words: links and devices, encrypted archives, more entries than are allowed, and names and attributes longer
than any path is. Nothing is written here.
"""

from __future__ import annotations

import gzip
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from typing import IO

from mvfa_core.data.encodings import MOST_JUDGED, decoded, likeliest
from mvfa_core.data.sets import DataError
from mvfa_core.names import visible

Member = tuple[str, IO[bytes] | None, int, int]
"""Name, content or None for a folder, position in the archive, and bytes that have to be unpacked to pass it by."""

MOST_HEADER = 2**20
"""Bytes of what a tar says of one member: a path and some attributes."""
DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, LZMAError, EOFError, NotImplementedError,
    struct.error, UnicodeError, OverflowError,
)  # fmt: skip


def expect_few(archive: Path, entries: int, most: int) -> None:
    """Refuse an archive of more entries than `most`."""
    if entries > most:
        raise DataError(f"{archive.name}: more than {most:,} entries; no dataset here has so many")


@dataclass
class Names:
    """In which encoding an archive's names are read: `given` by the user, else the likeliest; `used` once it is known,
    None where all names say it themselves."""

    given: str | None = None
    used: str | None = None

    def settle(self, raw: Iterable[bytes]) -> str:
        """The encoding of names that do not say it."""
        if self.used is None:
            self.used = self.given or likeliest(raw)
        return self.used


def zip_members(archive: Path, most: int, names: Names | None = None) -> Iterator[Member]:
    """The members of a zip. A name is UTF-8 where a flag or a field says so, else in the encoding of `names`."""
    names = names or Names()
    expect_few(archive, _listed(archive, most + 1), most)  # before anybody makes an object of each
    with zipfile.ZipFile(archive) as file:
        position = 0
        told = [_said_name(info) for info in file.infolist()]
        raw = [
            info.orig_filename.encode("cp437") for info, name in zip(file.infolist(), told, strict=True) if name is None
        ]
        plain = all(map(bytes.isascii, raw))
        for info, name in zip(file.infolist(), told, strict=True):
            if name is None:
                inside = info.orig_filename
                name = inside if plain else decoded(inside.encode("cp437"), names.settle(raw))
            name = name.partition("\0")[0]
            if info.flag_bits & 1:
                raise DataError(f"{archive.name}: encrypted; unpack it with its password and name the folder")
            if (info.external_attr >> 28) == 0xA:
                raise DataError(f"{archive.name}: {visible(name)} is a link; archives with links are refused")
            position += info.compress_size
            yield name, None if name.endswith(("/", "\\")) else file.open(info), position, 0


def _said_name(info: zipfile.ZipInfo) -> str | None:
    """The name where the archive says its encoding: by the flag of UTF-8, or by a Unicode path that fits the name."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == 0x7075 and len(field) > 5 and field[0] == 1:
            crc = struct.unpack("<L", field[1:5])[0]
            if crc == zlib.crc32(info.orig_filename.encode("cp437", "replace")):
                return field[5:].decode()
    return None


def _listed(archive: Path, enough: int) -> int:
    """How many entries the directory of a zip lists, counted up to `enough`; its own count may lie."""
    tail = 2**16 + 22 + 20 + 56  # the longest comment, and the three records that end a zip
    with archive.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, end - tail))
        last = file.read()
        if (at := last.rfind(b"PK\5\6")) < 0 or len(last) < at + 22:
            return 0  # zipfile will say so
        size = struct.unpack("<L", last[at + 12 : at + 16])[0]
        if (wide := last.rfind(b"PK\6\6", 0, at)) >= 0 and len(last) >= wide + 48:
            size, at = struct.unpack("<Q", last[wide + 40 : wide + 48])[0], wide
        place, count = start + at - size, 0
        while place >= 0 and place + 46 <= start + at and count < enough:
            file.seek(place)
            head = file.read(46)
            if head[:4] != b"PK\1\2":
                break
            count, place = count + 1, place + 46 + sum(struct.unpack("<HHH", head[28:34]))
    return count


class _Cautious(tarfile.TarInfo):
    """What a tar says of a member, as long as it is no longer than any path is: it is read into memory as a whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Cautious:
        made = super().frombuf(buf, encoding, errors)
        if made.type in _HEADERS and not 0 <= made.size <= MOST_HEADER:
            raise ValueError(f"a name or an attribute of {made.size:,} bytes")
        if made.size < 0:
            raise ValueError(f"a size of {made.size:,} bytes")
        return made


_HEADERS = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip


def tar_members(archive: Path, names: Names | None = None) -> Iterator[Member]:
    """The members of a tar, packed or not. A name is UTF-8 where the tar says so, else in the encoding of `names`."""
    names = names or Names()
    packed = not archive.name.lower().endswith(".tar")
    with archive.open("rb") as raw:
        try:
            with tarfile.open(fileobj=raw, tarinfo=_Cautious) as file:
                while (member := file.next()) is not None:
                    file.members = []  # type: ignore[attr-defined] # else it keeps every one
                    if not (member.isfile() or member.isdir()):
                        shown = visible(member.name)
                        raise DataError(f"{archive.name}: {shown} is a link or a device; such archives are refused")
                    content = file.extractfile(member) if member.isfile() else None
                    yield _tar_name(archive, member, names), content, raw.tell(), member.size if packed else 0
        except (DataError, *DAMAGE):
            raise
        except (ValueError, IndexError) as error:  # numbers in a header that are none
            raise DataError(f"{archive.name}: the archive is damaged ({visible(str(error))}); get it again") from None


def _tar_name(archive: Path, member: tarfile.TarInfo, names: Names) -> str:
    """The name of a member. One that may be in any encoding is judged together with all others: 猫 in GBK is è in
    UTF-8."""
    if member.name.isascii() or "path" in member.pax_headers:
        return member.name
    if names.used is None:
        names.settle(_raw_names(archive) if names.given is None else ())
    return decoded(_raw(member), names.settle(()))


def _raw_names(archive: Path) -> list[bytes]:
    """As many names of a tar as are judged, as they stand in it."""
    with tarfile.open(archive, tarinfo=_Cautious) as file:
        return [_raw(member) for _, member in zip(range(MOST_JUDGED), file, strict=False)]


def _raw(member: tarfile.TarInfo) -> bytes:
    return member.name.encode("utf-8", "surrogateescape")
