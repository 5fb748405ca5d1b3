"""Archives of pictures, and of runs: ways out of the folder, bombs, links, names, damage."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Iterable

from tests.corpus.bad_pictures import picture, saved
from tests.corpus.corpus import Shelf

PNG = saved(picture(), "PNG")
GOOD = tuple((f"{name}/{i}.png", PNG) for name in ("leaf", "sea") for i in range(3))
Entry = tuple[str, bytes]
NAMES = (
    *("../out.png", "leaf/../../out.png", "/tmp/out.png", "..\\out.png", "C:\\out.png", "c:out.png"),
    "\\\\host\\out.png",
    *("leaf/\x1b[31m.png", "leaf/a\nb.png", "n" * 10_000 + ".png", "leaf/" + "d/" * 2_000 + "a.png", "~/../../out.png"),
)  # fmt: skip


def zipped(entries: Iterable[Entry], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as file:
        for name, data in entries:
            file.writestr(name, data)
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, link
    return made


def tarred(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as file:
        for info, data in members:
            file.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def good_tar() -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(member(name, size=len(data)), data) for name, data in GOOD]


def fill(shelf: Shelf) -> None:
    """All of them; a `.zip` is meant for the upload, a `.tar*` for `data get --from`."""
    good = zipped(GOOD)
    shelf.put("nothing wrong", "good.zip", good, True)
    _no_zips(shelf, good)
    for name in NAMES:
        shelf.put(f"the name {name[:30]!r}", "name.zip", zipped([*GOOD, (name, PNG)]))
    for name in (*NAMES[:3], "leaf/\x1b[31m.png"):
        shelf.put(f"the name {name!r} in a tar", "name.tar", tarred(*good_tar(), (member(name, size=len(PNG)), PNG)))
    _odd_zips(shelf)
    _bombs(shelf)
    _tars(shelf)
    shelf.spoil("a zip", "spoilt.zip", good, cuts=10, flips=12)
    shelf.spoil("a tar", "spoilt.tar", tarred(*good_tar()), cuts=5, flips=6)
    shelf.spoil("a tar.gz", "spoilt.tar.gz", gzip.compress(tarred(*good_tar()), mtime=0), cuts=5, flips=6)


def _no_zips(shelf: Shelf, good: bytes) -> None:
    end = good.rindex(b"PK\5\6")
    shelf.put("nothing", "empty.zip", b"")
    shelf.put("an empty zip", "none.zip", b"PK\5\6" + bytes(18))
    shelf.put("four bytes of a zip", "start.zip", b"PK\3\4")
    shelf.put("words", "words.zip", b"these are words")
    shelf.put("a tar called zip", "tar.zip", tarred(*good_tar()))
    shelf.put("a picture called zip", "picture.zip", PNG)
    shelf.put("a zip without its directory", "cut.zip", good[: good.index(b"PK\1\2")])
    shelf.put("a directory that lies outside", "far.zip", good[: end + 16] + b"\xff\xff\xff\x7f" + good[end + 20 :])
    shelf.put("a directory of 4 GiB", "wide.zip", good[: end + 12] + b"\xfe\xff\xff\xff" + good[end + 16 :])
    shelf.put("one class", "one.zip", zipped([entry for entry in GOOD if entry[0].startswith("sea")]))
    shelf.put("no picture", "text.zip", zipped([("a/a.txt", b"a"), ("b/b.txt", b"b")]))
    shelf.put("words called pictures", "false.zip", zipped([("a/a.png", b"a"), ("b/b.png", b"b")]))
    shelf.put("a class of nothing but words", "half.zip", zipped([*GOOD[:3], ("b/b.png", b"b")]))


def _odd_zips(shelf: Shelf) -> None:
    link = zipfile.ZipInfo("sea/link.png")
    link.external_attr = 0o120777 << 16
    shelf.put("a link", "link.zip", zipped([*GOOD, (link, b"/etc/passwd")]))  # type: ignore[list-item]
    locked = bytearray(zipped(GOOD))
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = locked.index(sign)
        locked[at + place] |= 1
    shelf.put("encrypted", "locked.zip", bytes(locked))
    packed = bytearray(zipped(GOOD))
    for sign, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        packed[packed.index(sign) + place] = 99
    shelf.put("packed in a way nobody knows", "odd.zip", bytes(packed))
    shelf.put("the same name twice", "twice.zip", zipped([*GOOD, GOOD[0]]), True)
    shelf.put("names that differ in capitals", "case.zip", zipped([*GOOD, ("LEAF/0.PNG", PNG)]), True)
    shelf.put("a file that is a folder too", "both.zip", zipped([*GOOD, ("sea/0.png/a.png", PNG)]))
    shelf.put("a folder that is a file too", "both.zip", zipped([("sea/0.png/a.png", PNG), *GOOD]))
    shelf.put("a zip in a zip", "nested.zip", zipped([*GOOD, ("sea/more.zip", zipped(GOOD))]), True)
    shelf.put("a set-up program beside", "exe.zip", zipped([*GOOD, ("sea/setup.exe", b"MZ"), ("a.html", b"<b>")]), True)
    for what, name in (
        ("turns round", "\u202eaes"),
        ("hides", "se\u200ba"),
        ("is markup", "![x](http:evil.invalid)<b>"),
        ("piles up", "s" + "\u0301" * 80),
        ("is a sum", "=1+1|cmd"),
        ("is blank", " "),
        ("is a dot", ".x."),
    ):
        shelf.put(
            f"a class whose name {what}",
            "class.zip",
            zipped([(f"{name}/{i}.png", PNG) for i in range(3)] + list(GOOD)),
            None,
        )
    shelf.put(
        "a class of 190 letters",
        "long.zip",
        zipped([*GOOD, ("k" * 190 + "/0.png", PNG), ("k" * 190 + "/1.png", PNG)]),
        True,
    )


def _bombs(shelf: Shelf) -> None:
    zeros = bytes(120 * 2**20)
    bomb = zipped([*GOOD, ("sea/big.png", zeros)])
    shelf.put("120 MiB of zeros in 120 kB", "bomb.zip", bomb)
    shelf.put("a bomb in a zip", "inner.zip", zipped([*GOOD, ("sea/b.zip", bomb)]), True)
    head = b"PK\1\2" + bytes(24) + struct.pack("<HHH", 1, 0, 0) + bytes(12) + b"a"
    count = 1_000_000
    end = b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 0, 0, len(head) * count, 0, 0)
    shelf.put("a million entries, and says none", "many.zip", b"PK\3\4" + head * count + end)
    crowd = b"".join(member(f"sea/{i}.png").tobuf(tarfile.USTAR_FORMAT) for i in range(count // 100))
    shelf.put("a million entries in a tar.gz", "many.tar.gz", gzip.compress(crowd, 6) * 100)  # a stream may have parts
    shelf.put("all entries lie over each other", "over.zip", _overlapping())
    tar = tarred(*good_tar(), (member("sea/big.png", size=len(zeros)), zeros))
    shelf.put("120 MiB of zeros in a tar.gz", "bomb.tar.gz", gzip.compress(tar, 6))
    shelf.put("120 MiB of zeros in a tar.xz", "bomb.tar.xz", lzma.compress(tar, preset=0))
    tar = tarred(*good_tar(), (member("sea/big.dat", size=len(zeros)), zeros))
    shelf.put("120 MiB that nobody wants, in a tar.gz", "pass.tar.gz", gzip.compress(tar, 6))


def _overlapping() -> bytes:
    """Many entries of one directory that share one packed content."""
    one = zipped([("sea/0.png", bytes(2**20))])
    start, end = one.index(b"PK\1\2"), one.rindex(b"PK\5\6")
    head = one[start:end]
    heads = b"".join(head.replace(b"sea/0.png", b"sea/%03d" % i + b".p"[:2]) for i in range(200))
    return one[:start] + heads + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 200, 200, len(heads), start, 0)


def _tars(shelf: Shelf) -> None:
    for kind, what in ((tarfile.SYMTYPE, "a link"), (tarfile.LNKTYPE, "a hard link"), (tarfile.CHRTYPE, "a device"),
                       (tarfile.FIFOTYPE, "a pipe")):  # fmt: skip
        shelf.put(
            f"{what} in a tar", "link.tar", tarred(*good_tar(), (member("sea/x.png", kind, link="/etc/passwd"), b""))
        )
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 2**33
    shelf.put("a name of 8 GiB", "name.tar", long.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    pax = tarfile.TarInfo("pax")
    pax.type, pax.size = tarfile.XHDTYPE, 2**30
    shelf.put("attributes of 1 GiB", "pax.tar.gz", gzip.compress(pax.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)))
    block = bytearray(member("sea/0.png", size=9).tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = b"-0000000001\0"
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 256 + sum(block[156:]))
    shelf.put("a size below nothing", "less.tar", bytes(block) + bytes(1024))
    shelf.put("an empty tar", "none.tar", bytes(10_240), None)
    shelf.put("words called tar", "words.tar", b"words")
    shelf.put("a tar called tar.gz", "plain.tar.gz", tarred(*good_tar()), None)
    shelf.put("a sound tar", "good.tar", tarred(*good_tar()), None)


# --- runs ---


def fill_parcels(shelf: Shelf) -> None:
    """Runs in a zip."""
    recipe = {"data": "synthetic", "backbone": "compact", "pooling": "mfa", "steps": 5}
    metrics = b'{"event": "end", "step": 5, "reason": "finished", "message": ""}\n'
    good: dict[str, bytes] = {"recipe.json": json.dumps(recipe).encode(), "metrics.jsonl": metrics}

    def put(what: str, taken: bool | None = False, name: str = "run.zip", **changes: bytes | None) -> None:
        parts = {**good, **{key.replace("__", "."): value for key, value in changes.items()}}
        shelf.put(what, name, zipped([(f"r/{key}", value) for key, value in parts.items() if value is not None]), taken)

    put("nothing wrong", True)
    put("no recipe", recipe__json=None)
    put("no figures", metrics__jsonl=None)
    put("a recipe that is a list", recipe__json=b"[]")
    put("a recipe of brackets", recipe__json=b"[" * 100_000)
    put("a recipe of half a letter", recipe__json=json.dumps({**recipe, "data": "\ud800"}).encode())
    put("K of nought", recipe__json=json.dumps({**recipe, "k": 0}).encode())
    put("a newer format", recipe__json=json.dumps({**recipe, "format": 99}).encode())
    put("weights that are a pickle", model__safetensors=pickle.dumps({"a": 1}))
    put("figures that are none", True, metrics__jsonl=b'{"event": "step", "step": "x"}\n[1]\nnull\n\xff\n')
    put("a film of lies", True, film__jsonl=b'{"event": "film", "step": 1, "frames": [{"id": "../../x"}]}\n')
    put("a name that cannot be one", name="\u202e.zip", taken=None)
    shelf.put("two runs", "two.zip", zipped([(f"{n}/{key}", value) for n in "ab" for key, value in good.items()]))
    shelf.put("a way out", "out.zip", zipped([("../r/recipe.json", b"{}"), *good.items()]))
    shelf.put("words", "words.zip", b"words")
    shelf.spoil("a run", "spoilt.zip", zipped([(f"r/{key}", value) for key, value in good.items()]), cuts=4, flips=6)
