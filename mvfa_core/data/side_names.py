"""Which folder or list is which side, by its name: in any case, with a prefix or suffix that all sides share."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from itertools import product

WORDS = {
    "train": ("trainval", "training", "trainset", "trainingset", "train", "trn", "learn", "fit", "训练集", "训练"),
    "val": (
        "validation", "validationset", "validate", "valset", "valid", "val", "development", "devel", "devset", "dev",
        "evaluation", "eval", "heldout", "held_out", "holdout", "hold_out", "验证集", "验证",
    ),
    "test": ("testing", "testset", "test", "tst", "测试集", "测试"),
}  # fmt: skip
"""Names of the sides, in small letters; the longest are looked for first."""
WHOLE = ("fit", "learn", "dev", "eval", "tst", "trn")
"""Too short or too common to be looked for inside a longer word."""
Reading = dict[str, str]
"""Side -> name."""


def side_of(name: str) -> str | None:
    """The side that a name says by itself, or None."""
    return next((side for side, affix in _meanings(name) if affix == ("", "")), None)


def readings(names: Iterable[str]) -> list[Reading]:
    """Every way to take names as sides, each with train and at least one other; none is a part of another."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in names:
        for side, affix in set(_meanings(name)):
            groups[affix][side].append(name)
    found: list[Reading] = []
    for sides in groups.values():
        if "train" in sides and len(sides) > 1:
            if "val" in sides and len(sides["train"]) > 1:  # some sets also list both sides together
                sides["train"] = [name for name in sides["train"] if "trainval" not in name.casefold()]
            for choice in product(*sides.values()):
                if len(set(choice)) == len(choice):
                    found.append(dict(zip(sides, choice, strict=True)))
    whole = [one for one in found if not any(one.items() < other.items() for other in found)]
    return [one for place, one in enumerate(whole) if one not in whole[:place]]


def said(reading: Reading, end: str = "/") -> str:
    """ "Training/ as train, Testing/ as test"."""
    return ", ".join(f"{reading[side]}{end} as {side}" for side in WORDS if side in reading)


def is_plain(reading: Reading) -> bool:
    """Whether the names are the sides' own, so that nothing was guessed."""
    return all(side == name for side, name in reading.items())


def _meanings(name: str) -> Iterable[tuple[str, tuple[str, str]]]:
    """(side, (what stands before the word, what stands after it)) for every word of a side in a name."""
    plain = unicodedata.normalize("NFC", name).casefold().strip()
    plain = re.sub(r"[\s_.\-]+", "_", plain)
    plain = re.sub(r"^\d+_+(?=\D)", "", plain)  # 1_train, 2_test
    for side, words in WORDS.items():
        for word in words:
            for found in re.finditer(re.escape(word), plain):
                before, after = plain[: found.start()], plain[found.end() :]
                if word in WHOLE and (before[-1:].isalpha() or after[:1].isalpha()):
                    continue
                yield side, (before, after)
