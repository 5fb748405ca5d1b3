"""What holds for everything that can be drawn: shapes and invariants, or a `ValueError`. `make soak` draws far more
(`MVFA_EXAMPLES`); otherwise the same few are drawn every time."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app import wording
from app.telling import told
from mvfa_core.adacam import attention_map
from mvfa_core.checkpoints import CheckpointError, load_model
from mvfa_core.data.annotations import read_boxes
from mvfa_core.data.archives import unpack
from mvfa_core.data.layouts import find, readable
from mvfa_core.data.sets import DataError
from mvfa_core.files import parse_json
from mvfa_core.images import PictureError, as_picture, open_picture, squash
from mvfa_core.losses import mfa_loss
from mvfa_core.names import LONGEST, visible, visible_names
from mvfa_core.regions import cells_to_pixels, region_boxes, top_anchors
from mvfa_core.stages import Stages
from mvfa_core.survey.request import Request
from mvfa_core.training import versions
from mvfa_core.training.journal import Journal
from mvfa_core.training.names import expect_name
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run, RunError
from mvfa_core.views import pool_views, region_weights
from tests.hostile.bad_archives import zipped

FEW = int(os.environ.get("MVFA_EXAMPLES", "40"))
few = settings(
    max_examples=FEW,
    derandomize=FEW <= 40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXT = st.text(st.characters(codec=None), max_size=300)
"""Half letters too."""
GRIDS = st.tuples(st.integers(1, 7), st.integers(1, 9))
SIZES = st.lists(st.integers(-2, 12), max_size=4)


ADDRESSES = ("http://evil.invalid/x", "HTTPS://evil.invalid", "www.evil.invalid", "Www.a.b", "me@evil.invalid")
LINKED = re.compile(r"https?://|www\.|[-.\w+]+@[-\w]+", re.IGNORECASE)
"""What becomes a link by itself, as the specification of GitHub's Markdown has it."""


# --- the method ---


@few
@given(GRIDS, st.integers(1, 3), st.integers(-1, 70), SIZES, st.integers(0, 2**32))
def test_regions_and_views(grid: tuple[int, int], b: int, k: int, sizes: list[int], seed: int) -> None:
    """Every box lies in the grid and holds its anchor; every row of weights sums to 1 over exactly its box."""
    h, w = grid
    A_BHW = torch.rand(b, h, w, generator=torch.Generator().manual_seed(seed)).mul(4).round()  # with equal values
    try:
        anchors = top_anchors(A_BHW, k)
        boxes = region_boxes(anchors, sizes, grid)
    except ValueError:
        assert not 1 <= k <= h * w or not sizes or any(r < 1 or r % 2 == 0 for r in sizes)
        return
    assert anchors.shape == (b, k, 2) and boxes.shape == (b, k, len(sizes), 4)
    assert len({tuple(one) for one in anchors[0].tolist()}) == k
    values = A_BHW[0][anchors[0, :, 1], anchors[0, :, 0]]
    assert (values[:-1] >= values[1:]).all()
    left, top, right, bottom = boxes.unbind(-1)
    x, y = anchors[..., 0, None], anchors[..., 1, None]
    assert ((left >= 0) & (left <= x) & (x <= right) & (right < w)).all()
    assert ((top >= 0) & (top <= y) & (y <= bottom) & (bottom < h)).all()
    weights = region_weights(boxes, grid)
    assert weights.shape == (b, k * len(sizes), h, w) and (weights >= 0).all()
    torch.testing.assert_close(weights.sum((-2, -1)), torch.ones(weights.shape[:2]))
    area = ((right - left + 1) * (bottom - top + 1)).flatten(1)
    assert ((weights > 0).sum((-2, -1)) == area).all()
    F_BDHW = torch.rand(b, 2, h, w)
    views = pool_views(weights, F_BDHW)
    low, high = F_BDHW.amin((-2, -1))[:, None] - 1e-5, F_BDHW.amax((-2, -1))[:, None] + 1e-5
    assert ((views >= low) & (views <= high)).all()
    pixels = cells_to_pixels(boxes, grid, (h * 8, w * 16))
    assert (pixels[..., 2] <= w * 16).all() and (pixels[..., 3] <= h * 8).all() and (pixels >= 0).all()


@few
@given(GRIDS, st.integers(1, 5), st.floats(-1e30, 1e30), st.booleans())
def test_attention(grid: tuple[int, int], classes: int, height: float, spoilt: bool) -> None:
    """A is the mean of the class maps by their probabilities, however large they are; NaN is refused."""
    G_BCHW = torch.rand(2, classes, *grid) * height
    if spoilt:
        G_BCHW[0, 0, 0, 0] = float("nan")
        with pytest.raises(ValueError, match="finite"):
            attention_map(G_BCHW)
        return
    A_BHW, f_BC = attention_map(G_BCHW)
    torch.testing.assert_close(f_BC.sum(1), torch.ones(2))
    assert A_BHW.shape == (2, *grid)
    assert (G_BCHW.amax(1) + abs(height) * 1e-5 >= A_BHW).all() and (G_BCHW.amin(1) - abs(height) * 1e-5 <= A_BHW).all()


@few
@given(st.integers(1, 3), st.integers(1, 5), st.integers(2, 4), st.lists(st.integers(-2, 5), min_size=1, max_size=4))
def test_losses(b: int, views: int, classes: int, labels: list[int]) -> None:
    """Sum is M times mean, both add up, none is below nothing; labels that do not fit are refused."""
    logits_BMC = torch.randn(b, views, classes)
    G_BCHW = torch.randn(b, classes, 1, 1)
    stages = Stages(torch.rand(b, 1, 1, 1), ensemble_BC=logits_BMC.sum(1), G_BCHW=G_BCHW, logits_BMC=logits_BMC)
    try:
        summed, mean = (mfa_loss(stages, torch.tensor(labels), local=how) for how in ("sum", "mean"))
    except ValueError:
        assert len(labels) != b or not all(0 <= label < classes for label in labels)
        return
    assert summed.local is not None and mean.local is not None
    torch.testing.assert_close(summed.local, mean.local * views)
    torch.testing.assert_close(summed.total, summed.global_ + summed.local)
    assert min(summed.global_, summed.local, mean.local) >= 0


# --- names ---


@few
@given(TEXT, st.integers(2, 200))
def test_visible_text(text: str, longest: int) -> None:
    shown = visible(text, longest)
    assert len(shown) <= longest and visible(shown, longest) == shown
    assert shown.isprintable() and shown.encode().decode() == shown
    assert not text.isascii() or not text.isprintable() or len(text) > longest or shown == text


@few
@given(st.lists(TEXT, max_size=6, unique=True))
def test_visible_names_stay_apart(names: list[str]) -> None:
    shown = visible_names(names)
    assert len(set(shown)) == len(names) and all(len(name) <= LONGEST for name in shown)
    assert visible_names(shown) == shown == readable(shown) or any(name.startswith("n") for name in shown)


@few
@given(TEXT)
def test_markdown_shows_names_as_they_are(text: str) -> None:
    """Every sign that Markdown could take for markup has a backslash before it."""
    shown = wording.plain(text)
    assert re.fullmatch(r"(?:\\(?:_|[^\w\s])|[^\\`*_{}\[\]()<>#!|~$:^=@&/+.-])*", shown), shown


@few
@given(st.text(st.sampled_from("ahtpsw:/.@-_ <*\\"), max_size=40), st.sampled_from(ADDRESSES), st.text(max_size=9))
def test_markdown_makes_no_link_of_a_name(before: str, address: str, after: str) -> None:
    """Backslashes do not keep GitHub's Markdown from that: it looks for addresses in what is left without them."""
    read = re.sub(r"\\(.)", r"\1", wording.plain(before + address + after))
    assert not LINKED.search(read), read
    assert read.replace("\u2060", "") == visible(" ".join((before + address + after).split()), wording.LONGEST)


@few
@given(st.text("abc/\\: .~", max_size=60))
def test_errors_tell_no_place(text: str) -> None:
    assert not re.search(r"(?<![\w.~/\\])/[abc]+/[abc]", told(f"it {text} was"))
    assert told(FileNotFoundError(2, "No such file", f"/home/me/{text}x")).count("/home") == 0


@few
@given(TEXT)
def test_run_names(name: str) -> None:
    try:
        assert expect_name(name) == name
    except RunError as error:
        assert str(error).startswith("name: ")
        return
    assert Path("root", name).parent == Path("root") and name.isprintable() and len(name.encode()) <= 200


# --- what is read ---


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
    assert Journal(run.path / "metrics.jsonl").read()[0] == run.events()[0]


@few
@given(st.dictionaries(st.sampled_from(["model", "content", "name", "data", "side", "limit", "seed"]), JSON))
def test_requests(values: dict[str, Any]) -> None:
    try:
        request = Request.from_json(values)
    except (ValueError, TypeError):  # what `Survey.request` makes a sentence of
        return
    assert Request.from_json(json.loads(json.dumps(request.to_json()))).digest == request.digest


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
