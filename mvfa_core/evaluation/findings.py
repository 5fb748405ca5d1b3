"""What is kept of every picture, as arrays that one `.npz` file holds.

N pictures · C classes · R region sizes
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from mvfa_core.checks import expect, expect_sizes
from mvfa_core.files import parse_json, whole_file


@dataclass(frozen=True, eq=False)
class Findings:
    """What a model made of N pictures. The fields of the views are None for a GAP model.

    Attributes:
        classes: C names. sizes: L_R in cells, in the order of R; empty for GAP.
        names: of the pictures. place_N: their places in the side of the data set. label_N: true classes.
        predicted_N: arg max of Eq. 8. confidence_N: the ensemble's in it, as `Explanation.ensemble_C`.
        true_N: the ensemble's confidence in the true class. margin_N: how far the best class is ahead of the next.
        scale_N: the object's longer side as a fraction of the picture, where it is known, else None.
        auxiliary_N, auxiliary_confidence_N: the class the auxiliary head is surest of, and how sure.
        tally_NC: how many views each class wins.
        total_N, unsure_N, disagree_N: the entropy of the mean vote in bits and its two parts, as `votes.agreement`.
        wrong_N, wrong_confidence_N: the class, other than the true one, that any view is surest of, and how sure.
        wrong_size_N: r of that view. wrong_box_N4: its corners as fractions of the picture, lower right exclusive.
        profile_NR: mean confidence in the true class of the K views of every size.
        note: which classes the model and the data do not share, in a sentence; empty where they share all.
    """

    classes: tuple[str, ...]
    sizes: tuple[int, ...]
    names: tuple[str, ...]
    place_N: np.ndarray
    label_N: np.ndarray
    predicted_N: np.ndarray
    confidence_N: np.ndarray
    true_N: np.ndarray
    margin_N: np.ndarray
    scale_N: np.ndarray | None = None
    auxiliary_N: np.ndarray | None = None
    auxiliary_confidence_N: np.ndarray | None = None
    tally_NC: np.ndarray | None = None
    total_N: np.ndarray | None = None
    unsure_N: np.ndarray | None = None
    disagree_N: np.ndarray | None = None
    wrong_N: np.ndarray | None = None
    wrong_confidence_N: np.ndarray | None = None
    wrong_size_N: np.ndarray | None = None
    wrong_box_N4: np.ndarray | None = None
    profile_NR: np.ndarray | None = None
    note: str = ""

    def __len__(self) -> int:
        return len(self.label_N)

    @property
    def right_N(self) -> np.ndarray:
        """Whether the ensemble is right."""
        return self.predicted_N == self.label_N

    @property
    def views(self) -> int:
        """M; 0 for GAP."""
        return 0 if self.tally_NC is None else int(self.tally_NC[0].sum())

    @property
    def agreeing_N(self) -> np.ndarray | None:
        """The share of the views that vote for the answer, or None."""
        if self.tally_NC is None:
            return None
        return self.tally_NC[np.arange(len(self)), self.predicted_N] / self.views

    def save(self, path: Path) -> None:
        """Write the file; a reader sees it whole or not at all."""
        arrays: dict[str, Any] = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        texts = json.dumps({"classes": self.classes, "sizes": self.sizes, "names": self.names, "note": self.note})
        with whole_file(path) as file:
            np.savez(file, texts=np.frombuffer(texts.encode(), np.uint8), **arrays)

    @classmethod
    def load(cls, path: Path) -> Findings:
        """The findings of a file; `ValueError` or `OSError` if it is none, or if its parts do not fit each other."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                texts = parse_json(arrays["texts"].tobytes())
                found: dict[str, Any] = {name: arrays[name] for name in arrays.files if name != "texts"}
            note = texts.pop("note", "")  # findings of before have none
            made = cls(**found | {name: tuple(value) for name, value in texts.items()}, note=note)
        except OSError:
            raise
        except Exception as error:  # a zip of arrays can be broken in as many ways as there are libraries below it
            raise ValueError(f"{path.name}: no findings in it ({type(error).__name__})") from error
        _expect_fitting(made)
        return made


def _expect_fitting(findings: Findings) -> None:
    """Raise `ValueError` unless every array is as long and as wide as the others say, and every index has a name."""
    n, c, r = len(findings.names), len(findings.classes), len(findings.sizes)
    shapes = {"wrong_box_N4": (n, 4), "profile_NR": (n, r), "tally_NC": (n, c)}
    for field in fields(Findings)[3:-1]:
        value = getattr(findings, field.name)
        if value is None and field.default is None:
            continue
        shape = shapes.get(field.name, (n,))
        fits = isinstance(value, np.ndarray) and value.shape == shape and value.dtype.kind in "iuf"
        expect(fits, field.name, f"numbers of shape {shape}", getattr(value, "shape", "nothing"))
    for name in ("label_N", "predicted_N", "auxiliary_N", "wrong_N"):
        index = getattr(findings, name)
        known = index is None or (index.dtype.kind in "iu" and bool(((index >= 0) & (index < c)).all()))
        expect(known, name, f"classes from 0 to {c - 1}", "others")
    texts = (*findings.classes, *findings.names, findings.note)
    expect(all(isinstance(text, str) for text in texts), "names", "texts", "others")
    expect_sizes(findings.sizes or (1,))


def joined(parts: Sequence[Findings]) -> Findings:
    """The findings of several batches as one."""
    first = parts[0]
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Findings)
        if isinstance(getattr(first, field.name), np.ndarray)
    }
    names = tuple(name for part in parts for name in part.names)
    return Findings(first.classes, first.sizes, names, **arrays)
