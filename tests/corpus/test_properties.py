"""What holds for every file that can be drawn: something valid, or a sentence. `make soak` draws far more
(`MVFA_EXAMPLES`); otherwise the same few are drawn every time. The other modules of this name are about the rest, and
`test_properties_covered.py` looks that nothing public is left out."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mvfa_core.checkpoints import CheckpointError, load_model
from mvfa_core.data.annotations import read_boxes
from mvfa_core.data.archives import unpack
from mvfa_core.data.layouts import find
from mvfa_core.data.sets import DataError
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.files import parse_json
from mvfa_core.images import PictureError, as_picture, open_picture, squash
from mvfa_core.training import versions
from mvfa_core.training.event_log import EventLog
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from tests.corpus.bad_archives import zipped
from tests.corpus.drawn import JSON, few


@few
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_json(text: str | bytes) -> None:
    try:
        found = parse_json(text)
    except ValueError:
        return
    json.dumps(found, ensure_ascii=False).encode()


@few
@given(st.dictionaries(st.sampled_from([*Recipe().to_json(), "format"]), JSON, max_size=6))
def test_recipes(values: dict[str, Any]) -> None:
    try:
        recipe = Recipe.from_json(versions.today(values))
    except (ValueError, TypeError, OverflowError):  # what `Run.recipe` makes a sentence of
        return
    assert Recipe.from_json(versions.today(json.loads(json.dumps(versions.marked(recipe.to_json()))))) == recipe
    assert recipe.command("runs/x").startswith("python -m mvfa_core train")


@few
@given(JSON)
def test_recipes_of_anything(values: Any) -> None:
    with pytest.raises((ValueError, TypeError)) if not isinstance(values, dict) else nothing():
        versions.today(values)


class nothing:  # noqa: N801
    """No refusal is asked for; one may come."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, *_: object) -> bool:
        return kind is None or issubclass(kind, ValueError)


EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from(["step", "validation", "end", "start"]), "step": JSON},
    optional={"accuracy": JSON, "reason": JSON, "steps_per_s": JSON, "message": JSON},
)


@few
@given(st.lists(JSON | EVENTS, max_size=6))
def test_journals(tmp_path: Path, events: list[Any]) -> None:
    """A status follows from whatever lines there are."""
    run = Run(tmp_path / "run")
    if not run.path.exists():
        run.create(Recipe(k=3))
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    status = run.status()
    assert status.state and status.step >= 0 and (status.accuracy is None or abs(status.accuracy) < 1e15)
    assert EventLog(run.path / "metrics.jsonl").read()[0] == run.events()[0]


@few
@given(st.dictionaries(st.sampled_from(["model", "content", "name", "data", "side", "limit", "seed"]), JSON))
def test_requests(values: dict[str, Any]) -> None:
    try:
        request = EvaluationSpec.from_json(values)
    except (ValueError, TypeError):  # what `Evaluation.request` makes a sentence of
        return
    assert EvaluationSpec.from_json(json.loads(json.dumps(request.to_json()))).digest == request.digest


CELL = st.floats().map(str) | st.integers(-9, 40).map(str) | st.text(max_size=6)


@few
@given(st.lists(st.sampled_from(["file", "x0", "y0", "x1", "y1", "xmin", "width", "height"]), max_size=8),
       st.lists(st.lists(CELL, max_size=8), max_size=4))  # fmt: skip
def test_tables_of_boxes(tmp_path: Path, header: list[str], rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    (tmp_path / "boxes.csv").write_bytes(text.getvalue().encode(errors="replace"))
    boxes_hold(tmp_path / "boxes.csv")


@few
@given(st.recursive(st.text("a0<>&;", max_size=4), lambda inner: st.builds(
    lambda tag, children: f"<{tag}>{''.join(children)}</{tag}>",
    st.sampled_from(["annotation", "object", "bndbox", "xmin", "ymin", "xmax", "ymax", "size", "width", "filename"]),
    st.lists(inner | st.integers(-5, 50).map(str), max_size=4)), max_leaves=20))  # fmt: skip
def test_documents_of_boxes(tmp_path: Path, inner: str) -> None:
    (tmp_path / "boxes.xml").write_text(f"<annotation>{inner}</annotation>")
    boxes_hold(tmp_path / "boxes.xml")


def boxes_hold(file: Path) -> None:
    try:
        found = read_boxes(file)
    except DataError as error:
        assert len(str(error)) > 10
        return
    for one in found:
        assert one.boxes_N4.shape[1:] == (4,) and np.isfinite(one.boxes_N4).all()
        assert (one.boxes_N4[:, 2:] > one.boxes_N4[:, :2]).all() and (one.boxes_N4 >= 0).all()


@few
@given(st.lists(st.text("ab01/\\.\t\n\r :\u00e9", max_size=30), max_size=6))
def test_lists_of_pictures(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "a").mkdir(exist_ok=True)
    (tmp_path / "train.txt").write_text("\n".join(lines))
    (tmp_path / "val.txt").write_text("a/0.png\n")
    try:
        found = find(tmp_path)
    except DataError:
        return
    for file in (*found.train.files, *found.val.files):
        assert (found.home / file).resolve().is_relative_to(tmp_path.resolve())


NAMES = st.text("ab./\\:\x00\x1b\u202e~ ", min_size=1, max_size=12)


@few
@given(st.dictionaries(NAMES.map(lambda name: "a" + name + ".png"), st.binary(max_size=30), min_size=1, max_size=4))
def test_names_in_archives(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Nothing ever lands outside of the target."""
    target, archive = tmp_path / "in" / "target", tmp_path / "in" / "a.zip"
    target.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(zipped(files.items()))
    with suppress(DataError):
        unpack(archive, target)
    assert {path.name for path in (tmp_path / "in").iterdir()} == {"target", "a.zip"}
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


HEADS = (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"RIFF")


@few
@given(st.binary(max_size=400), st.sampled_from(HEADS))
def test_pictures(data: bytes, head: bytes) -> None:
    try:
        found = open_picture(head + data)
    except PictureError as error:
        assert str(error).endswith(".")
        return
    assert found.mode == "RGB" and min(found.size) > 0


@few
@given(st.integers(0, 9), st.integers(0, 9), st.sampled_from([(), (1,), (2,), (3,), (4,), (5,)]),
       st.sampled_from([np.uint8, np.float32, np.int64, np.bool_]), st.integers(-1, 20))  # fmt: skip
def test_arrays(height: int, width: int, channels: tuple[int, ...], dtype: type, side: int) -> None:
    array = np.zeros((height, width, *channels), dtype)
    try:
        small = squash(array, (side, side))
    except ValueError:
        return
    assert small.shape == (side, side, 3) and small.dtype == np.uint8
    assert isinstance(as_picture(array), Image.Image)


@few
@given(st.binary(max_size=300))
def test_checkpoints(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(len(data).to_bytes(8, "little") + data)
    with pytest.raises(CheckpointError, match=r"^a\.safetensors: "):
        load_model(tmp_path / "a.safetensors")
