"""The names of a classifier's classes: from a file, a configuration, or ImageNet-1k's where there are a thousand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mvfa_core.checks import expect
from mvfa_core.files import parse_json
from mvfa_core.names import visible, visible_names

LARGEST_FILE = 8 * 2**20
IMAGENET_CLASSES = 1000
BLANK = "\ufeff \t\r\n"


def names_for(count: int, told: Path | str | Sequence[str] | None, known: Sequence[str] | None) -> tuple[str, ...]:
    """C names that differ.

    Args:
        told: a file, or the names.
        known: what the network's own configuration says, used if it fits.

    Raises:
        ValueError: a file that is no list of names, or not as many names as classes.
    """
    if told is not None:
        names = read_names(Path(told)) if isinstance(told, str | Path) else [str(name) for name in told]
        expect(len(names) == count, "classes", f"{count} names, one for each class of the network", f"{len(names)}")
        return visible_names(names)
    if known is not None and len(known) == count:
        return visible_names(known)
    return visible_names(imagenet_names() if count == IMAGENET_CLASSES else [str(c) for c in range(count)])


def read_names(file: Path) -> list[str]:
    """The names in a text file, one a line, or in JSON: a list, {index: name}, {name: index} or {index: [id, name]}.

    Raises:
        ValueError: it cannot be read, or holds something else.
    """
    try:
        data = file.read_bytes() if file.stat().st_size <= LARGEST_FILE else b""
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{visible(file.name)}: cannot be read as a list of class names in UTF-8") from error
    if file.suffix.lower() == ".json" or text.lstrip(BLANK)[:1] in ("{", "["):
        try:
            names = names_in(parse_json(text, LARGEST_FILE))
        except ValueError as error:
            raise ValueError(f"{visible(file.name)}: {error}") from error
    else:
        names = [line.strip(BLANK) for line in text.splitlines() if line.strip(BLANK)]
    expect(len(names) > 1, visible(file.name), "the names of at least two classes", len(names))
    return names


def names_in(value: Any) -> list[str]:
    """The names in a list or a map between names and indices, in the order of the indices.

    Raises:
        ValueError: it is something else, or the indices are not 0 to C - 1.
    """
    if isinstance(value, list):
        return [_name(one) for one in value]
    expect(
        isinstance(value, Mapping) and len(value) > 0, "classes", "a list of names or a map of them", "another thing"
    )
    by_name = all(isinstance(one, int) and not isinstance(one, bool) for one in value.values())
    pairs = (
        [(one, key) for key, one in value.items()] if by_name else [(_index(key), one) for key, one in value.items()]
    )
    expect(sorted(i for i, _ in pairs) == list(range(len(pairs))), "classes", "the indices 0 to C - 1", "others")
    return [_name(name) for _, name in sorted(pairs, key=lambda pair: pair[0])]


def _index(key: object) -> int:
    text = str(key).removeprefix("LABEL_")
    expect(text.isdecimal() and len(text) < 10, "classes", "an index for each name", repr(key)[:60])
    return int(text)


def _name(value: object) -> str:
    value = value[-1] if isinstance(value, list) and value else value
    expect(isinstance(value, str) and value.strip(BLANK) != "", "classes", "names", json.dumps(value)[:60])
    assert isinstance(value, str)
    return value.strip(BLANK)


def imagenet_names() -> list[str]:
    """ImageNet-1k's in the usual order, each by its first word."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return [info.index_to_description(c).split(",")[0] for c in range(IMAGENET_CLASSES)]
