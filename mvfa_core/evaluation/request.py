"""What is asked for: a model, the side of a data set, and at most how many of its pictures."""

from __future__ import annotations

import hashlib
import os
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mvfa_core.checkpoints import read_card, weights_file
from mvfa_core.checks import expect, expect_choice, is_whole
from mvfa_core.data.cache import digest
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.data.sets import DataError
from mvfa_core.training.split import CHOICES, Split, joined, listed, split_of

LONGEST = 4_096
FORMAT = 1
"""Raised when what is kept of a picture changes, so that no folder holds yesterday's findings."""


@dataclass(frozen=True)
class EvaluationSpec:
    """An evaluation as it was asked for.

    Attributes:
        model: the file of the weights. content: digest of its bytes. name: what people call it.
        data: "synthetic", a name of the catalogue, or the absolute path of a folder. side: one of `CHOICES`; "val" is
            the test side where there is no other, as evaluations of before have it.
        limit: at most so many pictures, spread over the side; None for all. seed: of the split, where it needs one.
        set_apart, join: as in `Split`.
    """

    model: str
    content: str
    name: str
    data: str
    side: str = "val"
    limit: int | None = None
    seed: int = 0
    set_apart: bool = False
    join: bool = False

    def __post_init__(self) -> None:
        for name in ("model", "content", "name", "data"):
            text = getattr(self, name)
            fits = isinstance(text, str) and 0 < len(text) <= LONGEST and "\0" not in text
            expect(fits, name, f"1 to {LONGEST:,} letters", f"{text!r:.60}")
        expect_choice(self.side, CHOICES, "side")
        fits = isinstance(self.seed, int) and 0 <= self.seed < 2**63
        expect(fits, "seed", "a whole number >= 0", f"{self.seed!r:.60}")
        for name in ("set_apart", "join"):
            expect(isinstance(getattr(self, name), bool), name, "true or false", f"{getattr(self, name)!r:.60}")
        expect(self.limit is None or is_whole(self.limit, 1), "limit", "a whole number >= 1", repr(self.limit))

    @property
    def digest(self) -> str:
        """The name of its folder: the same weights on the same pictures are the same evaluation."""
        return digest([FORMAT, self.content, *self.pictures])

    @property
    def pictures(self) -> tuple[str | int | None, ...]:
        """Which pictures: two evaluations that agree in it can be held side by side."""
        # only where they are used: evaluations of before did not know them and keep their names
        more = [name for name in ("set_apart", "join") if getattr(self, name)]
        return self.data, self.side, self.limit, self.seed, *more

    @property
    def split(self) -> Split:
        """The data set as it is divided for it."""
        return Split(self.data, self.seed, self.set_apart, join=self.join)

    @property
    def data_name(self) -> str:
        """The data as people call it."""
        return Path(self.data).name

    def command(self, *, places: bool = True) -> str:
        """The command line that does the same; without `places`, with names in place of paths."""
        model, data = (self.model, self.data) if places else (self.name, self.data_name)
        words = ["python", "-m", "mvfa_core", "evaluate", model, "--data", data, "--split", self.side]
        return shlex.join([*words, *(["--limit", str(self.limit)] if self.limit else []), "--json"])

    def to_json(self) -> dict[str, Any]:
        """The request as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> EvaluationSpec:
        """The request of `to_json`; `TypeError` or `ValueError` if it is none."""
        expect(isinstance(values, dict), "request", "its fields", type(values).__name__)
        return cls(**values)


def spec_for(
    model: Path | str,
    data: str | None = None,
    *,
    side: str | None = None,
    join: bool | None = None,
    limit: int | None = None,
    name: str | None = None,
    content: str | None = None,
) -> EvaluationSpec:
    """The request for a run folder or a `.safetensors` file. The split is the one the model was trained with.

    Args:
        data: as in `load_data`; what the model was trained on if not given.
        side: one of `CHOICES`; test where there is one, else val, if not given.
        join: whether class names that differ only in capitals and spaces are one; as the model was trained, if None.
        content: the digest of the file, where it is known already.

    Raises:
        CheckpointError: no model there. ValueError: a side or a limit that cannot be.
    """
    recipe = read_card(model).get("recipe", {})
    file = weights_file(model)
    source = data or recipe.get("data", SYNTHETIC)
    if source != SYNTHETIC and source not in CATALOGUE:
        source = os.path.abspath(Path(source).expanduser())
    split = joined(split_of(recipe, source), join)
    side = side or _unseen(split)
    called = name or (file.stem if file == Path(model) else file.resolve().parent.name)
    content = content or digest_of(file)
    return EvaluationSpec(
        str(file.resolve()), content, called, source, side, limit, split.seed, split.set_apart, split.join
    )


def _unseen(split: Split) -> str:
    """The side that is looked at if none is named. What is wrong with the data is said where it is looked at."""
    try:
        return listed(split).unseen()
    except (DataError, OSError):
        return "val"


def digest_of(file: Path) -> str:
    """A short name for the bytes of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=10)).hexdigest()
