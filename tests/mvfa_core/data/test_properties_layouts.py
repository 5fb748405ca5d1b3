"""What holds of layouts, whatever folders, sides, classes, lists and bytes of names are called."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image

from mvfa_core.data.catalogue import Split
from mvfa_core.data.division import divide_each, hold_out
from mvfa_core.data.encodings import ENCODINGS, decoded, expect_encoding, likeliest, text_of
from mvfa_core.data.folder import Listing
from mvfa_core.data.label_lists import Row, labelled, lines_of, paths_of, read_list
from mvfa_core.data.layouts import find
from mvfa_core.data.list_layouts import Index, class_lists, side_lists, single_list
from mvfa_core.data.members import Names
from mvfa_core.data.passed_list import MOST_NAMED, bounded, read_passed, write_passed
from mvfa_core.data.places import Place, composed, grown
from mvfa_core.data.sets import DataError, PassedOver
from mvfa_core.data.settled import settle
from mvfa_core.data.side_folders import Laid, class_folders, sides_at, sides_in_classes
from mvfa_core.data.side_names import WORDS, is_plain, readings, said, side_of
from mvfa_core.data.tree import kind_of, read_tree
from mvfa_core.images import looks_like_picture
from mvfa_core.pictures.system_files import system_reason
from tests.corpus.drawn import TEXT, few
from tests.corpus.drawn import WORDS as SOME_WORDS

NAMES = st.text(st.sampled_from("abcXYZéß猫 _-0"), min_size=1, max_size=6).map(str.strip).filter(bool)
CASES = st.sampled_from([str.lower, str.upper, str.capitalize, str.swapcase])
AFFIX = st.sampled_from(["", "seg_", "cats-", "my ", "2017", "_images", " data", ".set"])


def picture(kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, kind)
    return buffer.getvalue()


def put(root: Path, *files: str, data: bytes = picture()) -> None:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


# --- sides ---


@few
@given(
    st.sampled_from(WORDS["train"]), st.sampled_from(WORDS["val"]), st.sampled_from(WORDS["test"]), CASES, AFFIX, AFFIX
)
def test_sides_are_known_by_any_name(train: str, val: str, test: str, case: object, before: str, after: str) -> None:
    """In any case, with what all of them have before and after."""
    glued = (before[-1:].isalpha() or after[:1].isalpha()) and {train, val, test} & {
        "fit",
        "learn",
        "dev",
        "eval",
        "tst",
        "trn",
    }
    assume(not glued)
    names = {side: before + case(word) + after for side, word in zip(WORDS, (train, val, test), strict=True)}  # type: ignore[operator]
    found = readings(names.values())
    assert names in found and said(names).count(" as ") == 3
    assert is_plain(names) == all(side == name for side, name in names.items())
    if not before and not after:
        assert [side_of(name) for name in names.values()] == ["train", "val", "test"]


@few
@given(st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_other_names_are_no_sides(names: list[str]) -> None:
    assert readings(names) == [] or any(word in name.casefold() for name in names for word in WORDS["train"])


# --- trees and places ---


@few
@given(
    st.dictionaries(st.tuples(NAMES, NAMES), st.sampled_from(["png", "jfif", "", "txt", "md"]), min_size=1, max_size=8),
    st.sampled_from(["", ".git/", "@eaDir/", "__MACOSX/"]),
)
def test_every_file_is_something(
    tmp_path_factory: pytest.TempPathFactory, files: dict[tuple[str, str], str], above: str
) -> None:
    """A picture by its content, a text, or passed over; what systems lay there is never a picture."""
    root = tmp_path_factory.mktemp("tree")
    made = {}
    for (folder, name), ending in files.items():
        path = f"{above}{folder}/{name}.{ending}" if ending else f"{above}{folder}/{name}"
        put(root, path, data=picture() if ending in ("png", "jfif", "") else b"words")
        made[path] = "list" if ending == "txt" else "picture" if ending != "md" else "other"
    tree = read_tree(root)
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    every = [*tree.pictures, *tree.texts, *(one.file for one in tree.passed_over)]
    assert sorted(every) == sorted(there)
    for file in every:
        if system_reason(file):
            assert file not in tree.pictures and file not in tree.texts
        else:
            assert (kind_of(root / file) == "picture") == (file in tree.pictures) == looks_like_picture(root / file)
            assert looks_like_picture((root / file).read_bytes()[:64]) == (file in tree.pictures)
    top = grown(tree.pictures)
    assert isinstance(top, Place) and top.every == tree.pictures
    assert [file for file, _ in top.classes()] == sorted(
        (f for f in tree.pictures), key=lambda f: (composed(f.split("/")[0]), f.split("/"))
    )
    laid = class_folders(top)
    assert isinstance(laid, Laid) and len(laid.sides[""]) == len(top.every)
    assert sides_at(top, "set") is None and sides_in_classes(top) is None
    assert Index(tree).may_be("/" + (tree.pictures or ["x"])[0]) == bool(tree.pictures)
    assert class_lists(tree, top) is None
    for one in (side_lists(tree, top), single_list(tree, top)):
        assert one is None or isinstance(one, Laid)


@few
@given(st.integers(0, 3 * MOST_NAMED), st.integers(0, 5))
def test_all_are_counted_and_some_named(hidden: int, others: int) -> None:
    every = [PassedOver(str(i), "hidden") for i in range(hidden)] + [
        PassedOver(str(i), "no picture") for i in range(others)
    ]
    kept = bounded(every)
    assert sum(one.count for one in kept) == len(every) and len(kept) <= MOST_NAMED + others + 1


# --- classes and division ---


@few
@given(st.lists(NAMES, min_size=2, max_size=5, unique=True), st.lists(NAMES, max_size=5, unique=True), st.booleans())
def test_sides_agree_on_their_classes(train: list[str], val: list[str], join: bool) -> None:
    """Every class is one of train's; what is not is passed over; or a sentence."""
    sides = {
        "train": [(f"t{i}", name) for i, name in enumerate(train)],
        "val": [(f"v{i}", name) for i, name in enumerate(val)],
    }
    sides = {side: pairs for side, pairs in sides.items() if pairs}
    try:
        found = settle(sides, {"train": "train/", "val": "val/"}, "set", join_names=join)
    except DataError as error:
        assert len(str(error)) > 20
        return
    assert all(name in found.classes for pairs in found.sides.values() for _, name in pairs)
    assert sum(map(len, found.sides.values())) + len(found.passed_over) == len(train) + len(val)
    assert join or found.classes == tuple(sorted(train))


@few
@given(st.lists(st.integers(0, 2), min_size=6, max_size=30), st.integers(0, 9))
def test_divisions(labels: list[int], seed: int) -> None:
    listing = Listing(tuple(map(str, range(len(labels)))), tuple(labels))
    for divide in (
        lambda: hold_out(listing, "abc", seed),
        lambda: divide_each(listing, "abc", Split(val_each=1), seed),
    ):
        try:
            train, val = divide()
        except (DataError, ValueError):
            assert min(labels.count(label) for label in range(3)) < 2
            continue
        assert sorted((*train.files, *val.files)) == sorted(listing.files) and {*val.labels} == {0, 1, 2}


# --- lists ---


@few
@given(
    st.dictionaries(NAMES, st.sampled_from(["cat", "a dog", "7", "狗"]), min_size=2, max_size=6),
    st.sampled_from(["\t", ",", ";", "|", " "]),
    st.sampled_from([None, "Filename,LABEL", "image id,class"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gbk"]),
    st.booleans(),
)
def test_labels_come_from_a_list(
    tmp_path_factory: pytest.TempPathFactory,
    labels: dict[str, str],
    mark: str,
    head: str | None,
    code: str,
    suffix: bool,
) -> None:
    """However it is written: with or without header, in any encoding, with or without the endings of the files."""
    assume(len({*labels.values()}) > 1 and len({name.casefold() for name in labels}) == len(labels))
    if code == "gbk":
        labels = {name.replace("é", "e").replace("ß", "s").replace("猫", "狗"): label for name, label in labels.items()}
    root = tmp_path_factory.mktemp("list")
    put(root, *(f"pictures/{name}.png" for name in labels))
    rows = [f"{name}{'.png' if suffix else ''}{mark}{label}" for name, label in labels.items()]
    if head and mark != " ":
        rows.insert(0, head.replace(",", mark))
    (root / "labels.csv").write_bytes("\r\n".join(rows).encode(code))
    tree = read_tree(root)
    index = Index(tree)
    table = read_list(root / "labels.csv", index.may_be)
    assert [row.path.removesuffix(".png") for row in table.rows] == list(labels)
    assert [row.label for row in table.rows] == list(labels.values()) and table.known == 1
    assert labelled(root / "labels.csv", table.rows) == [(row.path, row.label) for row in table.rows]
    assert len(lines_of(root / "labels.csv")) == len(rows) and len(paths_of(root / "labels.csv")) == len(rows)
    assert isinstance(table.rows[0], Row)


# --- encodings ---


@few
@given(TEXT | SOME_WORDS, st.sampled_from(list(ENCODINGS)))
@example("猫", "gbk")
def test_names_in_any_encoding(name: str, encoding: str) -> None:
    assert expect_encoding(encoding) == encoding and expect_encoding(encoding.upper()) == encoding
    raw = name.encode(encoding, "replace")
    guessed = likeliest([raw])
    assert guessed in ENCODINGS and isinstance(decoded(raw, guessed), str) and isinstance(text_of(raw), str)
    with pytest.raises(DataError, match="expected one of utf-8"):
        expect_encoding("klingon")


@few
@given(
    st.lists(
        st.tuples(st.sampled_from(["train", "VALID", "Testing", "cat", "dog"]), NAMES, NAMES),
        min_size=1,
        max_size=9,
        unique=True,
    )
)
def test_no_picture_is_lost(tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, str, str]]) -> None:
    """On a side or passed over by name, once; or a sentence."""
    root = tmp_path_factory.mktemp("lost")
    put(root, *("/".join(parts) + ".png" for parts in files))
    try:
        found = find(root)
    except DataError as error:
        assert len(str(error)) > 20
        return
    home = "" if found.home == root else f"{found.home.relative_to(root).as_posix()}/"
    every = [home + file for listing in found.sides().values() for file in listing.files]
    every += [one.file for one in found.passed_over]
    assert sorted(every) == sorted(path.relative_to(root).as_posix() for path in root.rglob("*.png"))


@few
@given(st.lists(st.builds(PassedOver, NAMES, NAMES), max_size=5), st.sampled_from([None, *ENCODINGS]))
def test_what_an_archive_held_stays_listed(
    tmp_path_factory: pytest.TempPathFactory, files: list[PassedOver], encoding: str | None
) -> None:
    root = tmp_path_factory.mktemp("listed")
    assert read_passed(root) == ([], None)
    write_passed(root, files, encoding)
    assert read_passed(root) == (files, encoding)
    assert read_tree(root).passed_over == files
    assert Names(encoding).settle([b"\xb9\xb7"]) == (encoding or "gbk")
