"""A place that cannot be written is refused before the work, and nothing half-written is left there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import onnx
import onnxruntime
import pytest

from mvfa_core import build_model, save_model
from mvfa_core.export import OUTPUTS, ExportError, export_onnx
from mvfa_core.images import MEAN, STD
from tests.pictures import COLOURS, noisy

WRITERS = {
    "export": "export {model} --onnx {out}",
    "explain": "explain {model} {picture} --out {out}",
    "figure": "figure fig5 --model {model} --images {picture} --out {out}.png",
    "figure's recipe": "figure fig5 --model {model} --images {picture} --out {out}.recipe.png",
    "figure's parts": "figure fig5 --model {model} --images {picture} --out fine.png --zip {out}",
    "metrics": "metrics {model} --out {out}.csv",
    "evaluate": "evaluate {model} --out {out}",
    "bundle": "bundle --out {out}",
    "reproduce": "reproduce table1 --out {out}",
    "runs export": "runs export {run} --out {out}",
    "train": "train --recipe quick --out {out}",
}
FOLDERS = {"explain", "evaluate", "bundle", "train"}
"""Those that write several files into a folder."""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("given")
    save_model(build_model("compact", "mfa", 3, k=4, sizes=(3,)), folder / "m.safetensors", {})
    noisy(COLOURS["sea"], 1).save(folder / "sea.png")
    return {"model": folder / "m.safetensors", "picture": folder / "sea.png", "run": folder}


def places(root: Path, command: str) -> dict[str, Path]:
    """What cannot be written: of the other kind, below a file, or with a name that is too long."""
    (root / "file").write_text("old")
    endings = ("", ".png", ".recipe.json", ".csv")
    for ending in endings:
        (root / f"folder{ending}").mkdir()
    other = root / ("file" if command in FOLDERS else "folder")
    return {"the other kind": other, "below a file": root / "file" / "new", "too long": root / ("n" * 300)}


@pytest.mark.parametrize("place", ["the other kind", "below a file", "too long"])
@pytest.mark.parametrize("command", WRITERS)
def test_a_place_that_cannot_be_written_is_refused_at_once(
    command: str, place: str, given: dict[str, Path], call: Callable, here: Path
) -> None:
    out = places(here, command)[place]
    if command == "runs export":
        (here / "r").mkdir()
        given = {**given, "run": here / "r"}
    before = sorted(here.rglob("*"))
    answer = call(*(word.format(out=out, **given) for word in WRITERS[command].split()))
    assert answer.status == 2 and answer.out == "", answer
    assert len(answer.err.splitlines()) == 1 and (
        "--out" in answer.err or "--zip" in answer.err or "--onnx" in answer.err
    )
    assert sorted(here.rglob("*")) == before


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_model("compact", "gap", 2)
    monkeypatch.setattr("mvfa_core.export.TOLERANCE", -1.0)
    with pytest.raises(ExportError, match="onnxruntime and PyTorch differ"):
        export_onnx(model, tmp_path / "new" / "m.onnx")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    (tmp_path / "m.onnx").write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        export_onnx(model, tmp_path / "m.onnx")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("m.onnx", "old")]


def test_an_onnx_file_says_how_to_use_it(given: dict[str, Path], call: Callable, here: Path) -> None:
    """In its metadata; folders above it are made, and a file that was there is replaced."""
    names = ("می‌خواهم", "👩‍🚀", "c")
    model = build_model("compact", "mfa", 3, k=4, sizes=(3,), classes=names)
    save_model(model, here / "m.safetensors", {})
    for _ in range(2):
        assert call("export", here / "m.safetensors", "--onnx", here / "a" / "b" / "m.onnx").status == 0
    assert [file.name for file in (here / "a" / "b").iterdir()] == ["m.onnx"]
    facts = {entry.key: json.loads(entry.value) for entry in onnx.load(here / "a" / "b" / "m.onnx").metadata_props}
    assert facts["mean"] == list(MEAN) and facts["std"] == list(STD) and facts["side"] == 112
    assert facts["classes"] == list(model.classes)
    session = onnxruntime.InferenceSession(str(here / "a" / "b" / "m.onnx"))
    assert json.loads(session.get_modelmeta().custom_metadata_map["config"]) == model.config
    assert tuple(output.name for output in session.get_outputs()) == OUTPUTS["mfa"]
