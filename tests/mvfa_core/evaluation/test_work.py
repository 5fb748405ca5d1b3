"""An evaluation as a folder: begun, stopped, gone on with, killed, begun again, and what goes wrong in between."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from mvfa_core.data.cache import digest
from mvfa_core.evaluation import Evaluation, EvaluationError, EvaluationSpec, evaluation_of, list_evaluations, spec_for
from mvfa_core.evaluation import work as working
from mvfa_core.evaluation.folder import BUSY
from mvfa_core.evaluation.launch import start
from mvfa_core.evaluation.pictures import Gathered, side_of, spread
from mvfa_core.evaluation.work import evaluate
from mvfa_core.training.split import Split
from tests.pictures import split_folder

DEADLINE_S = 240


def wait_for(evaluation: Evaluation, *states: str) -> str:
    """Until it stands so; the time limit only ends a test that would hang."""
    deadline = time.monotonic() + DEADLINE_S
    while (state := evaluation.status().state) not in states and time.monotonic() < deadline:
        time.sleep(0.02)
    assert state in states, (evaluation.path / "output.log").read_text()
    return state


def test_it_is_named_after_what_it_looks_at(shaky: Path, asked: EvaluationSpec, tmp_path: Path) -> None:
    copy = shutil.copy(shaky, tmp_path / "copy.safetensors")
    again = spec_for(copy, "synthetic", limit=asked.limit)
    assert again.digest == asked.digest and again.name == "copy"
    changes = {"side": "train", "limit": None, "content": "x", "set_apart": True, "join": True}
    others = [replace(asked, **{name: value}) for name, value in changes.items()]
    assert len({one.digest for one in (asked, *others)}) == 6
    assert EvaluationSpec.from_json(json.loads(json.dumps(asked.to_json()))) == asked
    with pytest.raises(ValueError, match="side: expected one of train, val, test, all"):
        replace(asked, side="none")
    with pytest.raises(ValueError, match="limit: expected a whole number >= 1, got 0"):
        replace(asked, limit=0)


def test_requests_of_before_are_read_and_keep_their_folder(asked: EvaluationSpec) -> None:
    """They knew no test side, and set nothing apart."""
    told = asked.to_json()
    del told["set_apart"], told["join"]
    again = EvaluationSpec.from_json(json.loads(json.dumps(told)))
    assert again == asked and again.digest == asked.digest
    assert asked.digest == digest([1, asked.content, "synthetic", "val", asked.limit, 0])


def test_the_side_of_before_is_the_test_side_where_there_is_no_other(shaky: Path, tmp_path: Path) -> None:
    data = str(split_folder(tmp_path / "colours", each=2, held_out=3, other="test"))
    assert spec_for(shaky, data).side == "test"
    before = EvaluationSpec("m", "c", "n", data, "val")
    assert side_of(before.split, "val").listing == side_of(before.split, "test").listing
    every = side_of(before.split, "all")
    assert every.count == 3 * (2 + 3) and len({every.name(place) for place in range(every.count)}) == every.count
    apart = side_of(Split(data, 0, set_apart=True), "val")
    assert apart.count == 3 and all(name.startswith("train/") for name in apart.listing.files)


def test_all_drawn_pictures(shaky: Path) -> None:
    every, val = side_of(Split("synthetic"), "all"), side_of(Split("synthetic"), "val")
    assert (every.name(0), every.name(every.count - 1)) == ("0", val.name(val.count - 1))


def test_stopped_it_goes_on_where_it_was(asked: EvaluationSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "BATCH", 4)
    asked = replace(asked, limit=12)
    folder, seen = evaluation_of(asked), []

    def stop(what: str, done: int, total: int) -> None:
        seen.append(done)
        if done == 8:
            folder.request_stop()

    assert evaluate(asked, folder, progress=stop) is None
    status = folder.status()
    assert (status.state, status.done, status.total) == ("stopped", 8, 12) and len(list(folder.parts.iterdir())) == 2
    kept = {file: file.stat().st_mtime_ns for file in folder.parts.iterdir()}
    looked = []
    whole = working.look
    monkeypatch.setattr(working, "look", lambda *args: looked.append(len(args[2])) or whole(*args))
    found = evaluate(asked, folder)
    assert found is not None and looked == [4] and len(found) == 12 and len(kept) == 2
    assert folder.status().state == "finished" and not folder.parts.exists()
    again = Evaluation(folder.path).findings()
    assert again.names == found.names and np.array_equal(again.wrong_box_N4, found.wrong_box_N4)
    assert [one.path for one in list_evaluations()] == [folder.path]
    assert json.loads((folder.path / "summary.json").read_text())["n"] == 12


def test_killed_it_is_lost_and_can_begin_again(asked: EvaluationSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    asked = replace(asked, limit=8)
    folder = start(asked)
    assert folder.status().state in BUSY
    process = psutil.Process(json.loads((folder.path / "process.json").read_text())["pid"])
    assert process.pid != os.getpid()
    process.kill()
    process.wait(DEADLINE_S)
    assert wait_for(folder, "lost") == "lost"
    start(asked)
    with pytest.raises(EvaluationError, match="another process is at it"):
        evaluate(asked, evaluation_of(asked))
    assert wait_for(folder, "finished", "failed") == "finished"
    said = (folder.path / "output.log").read_text().splitlines()
    # libpng inside older OpenCV complains about the colour profile of one of scikit-image's photographs
    assert len(folder.findings()) == asked.limit and not [one for one in said if not one.startswith("libpng warning")]


def test_what_goes_wrong_is_said_and_noted(asked: EvaluationSpec, shaky: Path, tmp_path: Path) -> None:
    folder = evaluation_of(asked)
    with pytest.raises(ValueError, match="shaky: the model is gone"):
        evaluate(replace(asked, model=str(tmp_path / "none.safetensors")), folder)
    assert folder.status().state == "failed" and "the model is gone" in folder.status().message
    saved_again = replace(asked, content="0" * 20)
    with pytest.raises(ValueError, match="saved again"):
        evaluate(saved_again, evaluation_of(saved_again))
    strange = spec_for(shaky, str(split_folder(tmp_path / "colours", each=2, held_out=1)))
    with pytest.raises(ValueError, match=r"the model knows 10 classes .* has 3 classes"):
        evaluate(strange, evaluation_of(strange))
    gone = spec_for(shaky, str(tmp_path / "gone"))
    with pytest.raises(ValueError, match="no such folder"):
        evaluate(gone, evaluation_of(gone))
    with pytest.raises(EvaluationError, match="holds another evaluation"):
        folder.create(strange)
    (folder.path / "request.json").write_text("{")
    with pytest.raises(EvaluationError, match="cannot be read"):
        folder.status()


def test_the_pictures_of_a_folder(shaky: Path, tmp_path: Path) -> None:
    colours = split_folder(tmp_path / "colours", each=2, held_out=4)
    (colours / "val" / "leaf" / "02.png").write_bytes(b"no picture")
    asked = spec_for(shaky, str(colours), limit=9)
    side = side_of(asked.split, "val")
    assert spread(side.count, 9).tolist() == [i * side.count // 9 for i in range(9)]
    pictures = Gathered(asked, ("brick", "leaf", "sea"), 28)
    batch, places = pictures.batch(0, len(pictures))
    assert places.tolist() == pictures.places_N.tolist()
    assert [side.name(int(place)) for place in pictures.places_N] == list(batch.names)
    assert "val/leaf/02.png" not in batch.names
    for place, label in zip(pictures.places_N.tolist(), batch.labels.tolist(), strict=True):
        picture, truth, scale = side.open(place)
        assert (truth, scale, picture.size) == (side.classes[label], None, (26, 20))
    with pytest.raises(ValueError, match="place: expected a place from 0 to 11"):
        side.open(12)
