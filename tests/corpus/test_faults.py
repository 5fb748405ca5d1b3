"""What befalls a machine: a clock that is set, a disk that can only be read, two servers on one folder, other versions,
things that go away while somebody looks. What was earned is still there, and somebody says what happened.

A full disk and killed processes have tests of their own in tests/mvfa_core/training (test_failures.py, test_launch.py)
and, under `make soak`, test_soak.py there, tests/mvfa_core/evaluation/test_soak.py and tests/e2e/test_soak_server.py.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from app.services import cache, dataset_pictures
from mvfa_core import build_model, load_model, save_model
from mvfa_core.checkpoints import bundled
from mvfa_core.evaluation import EvaluationSpec, evaluation_of, spec_for
from mvfa_core.evaluation.work import evaluate
from mvfa_core.files import replace_text, sentence_of, whole_file
from mvfa_core.training import versions
from mvfa_core.training.engine import Event, Ticked
from mvfa_core.training.failures import TrainingError
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import LAUNCH_S, Run, RunError, list_runs
from mvfa_core.training.split import Split
from mvfa_core.training.work import resume, train
from tests.app.conftest import app  # noqa: F401
from tests.app.samples import a_run
from tests.mvfa_core.cli.conftest import call, one_thread  # noqa: F401
from tests.mvfa_core.evaluation.conftest import asked, shaky  # noqa: F401
from tests.mvfa_core.training.samples import TINY, assert_same_training
from tests.mvfa_core.training.test_failures import fill, small_disk  # noqa: F401
from tests.pictures import split_folder

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=2)
    return replace(TINY, data=str(folder), film=0)


@pytest.fixture(scope="module")
def whole(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.set_num_threads(1)
    run = Run(tmp_path_factory.mktemp("runs") / "whole")
    train(recipe, run)
    return run


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen]]:
    """Processes that do nothing, to claim runs for."""
    found = [subprocess.Popen(SLEEP) for _ in range(6)]
    yield found
    for process in found:
        process.kill()
        process.wait()


# --- two servers on one folder ---


def test_of_six_that_claim_at_once_one_trains(tmp_path: Path, sleepers: list[subprocess.Popen]) -> None:
    for attempt in range(5):
        run = Run(tmp_path / f"run-{attempt}")
        run.create(TINY)

        def claim(process: subprocess.Popen, path: Path = run.path) -> str:
            try:
                Run(path).claim(process.pid)
            except RunError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(len(sleepers)) as pool:
            answers = list(pool.map(claim, sleepers))
        assert answers.count("") == 1, answers
        assert {answer for answer in answers if answer} == {
            f"{run.id}: another process is training this run; stop it first"
        }
        winner = json.loads((run.path / "process.json").read_text())["pid"]
        assert winner == sleepers[answers.index("")].pid and run.is_alive()


def test_two_write_one_file_at_once(tmp_path: Path) -> None:
    """Each writes under a name of its own: the last one wins, none loses its file under its hands."""
    file = tmp_path / "note.json"
    with whole_file(file, durable=False) as first:
        first.write(b'{"by": 1')

        def write() -> None:
            replace_text(file, '{"by": 2}', durable=False)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()
        assert json.loads(file.read_text()) == {"by": 2}
        first.write(b"}")
    assert json.loads(file.read_text()) == {"by": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]


# --- the clock ---


def test_a_clock_that_is_set_loses_no_run(tmp_path: Path, sleepers: list[subprocess.Popen]) -> None:
    """The time of day at which a process began moves with the clock; the ticks since the machine started do not."""
    run = Run(tmp_path / "run")
    run.create(TINY)
    run.claim(sleepers[0].pid)
    file = run.path / "process.json"
    note = json.loads(file.read_text())
    if not note["since_boot"]:
        pytest.skip("this system does not tell when a process began, but for the time of day")
    for step_s in (-86_400, 3_600):
        file.write_text(json.dumps({**note, "created": note["created"] + step_s}))
        assert run.is_alive()
    file.write_text(json.dumps({**note, "since_boot": "7 another-boot"}))  # the same pid after a restart
    assert not run.is_alive()
    older = {name: note[name] for name in ("pid", "created")}  # as an older version noted it
    file.write_text(json.dumps(older))
    assert run.is_alive()


@pytest.mark.parametrize("age_s", [-10 * LAUNCH_S, 10 * LAUNCH_S])
def test_a_run_that_nobody_claims_does_not_start_for_ever(tmp_path: Path, age_s: int) -> None:
    """Its folder may lie in what is now the future."""
    run = Run(tmp_path / "run")
    run.create(TINY)
    assert run.status().state == "starting"
    then = time.time() - age_s
    os.utime(run.path / "recipe.json", (then, then))
    assert run.status().state == "lost"


# --- other versions ---


def test_a_run_of_an_older_version_is_read_and_goes_on(recipe: Recipe, whole: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "old")

    def stop(event: Event) -> None:
        if isinstance(event, Ticked) and event.step == 7:
            run.request_stop()

    train(recipe, run, listen=stop)
    told = json.loads((run.path / "recipe.json").read_text())
    assert told.pop(versions.KEY) == versions.FORMAT
    del told["film"], told["compile"], told["restarts"]  # as it was before there were such fields
    (run.path / "recipe.json").write_text(json.dumps(told))
    assert run.recipe() == replace(recipe, film=Recipe().film)
    (run.path / "recipe.json").write_text(json.dumps({**told, "film": 0}))
    resume(run)
    assert_same_training(run, whole)


def test_a_run_of_a_newer_version_is_refused_in_words(tmp_path: Path, call: Callable) -> None:  # noqa: F811
    run = Run(tmp_path / "new")
    run.create(TINY)
    told = json.loads((run.path / "recipe.json").read_text())
    (run.path / "recipe.json").write_text(
        json.dumps({**told, "format": versions.FORMAT + 1, "backbone": "of-tomorrow"})
    )
    with pytest.raises(RunError, match="a newer version of this program made it"):
        run.recipe()
    assert run.status().state == "failed" and "update it" in run.status().message
    answer = call("train", "--resume", run.path)
    assert answer.status == 2 and "newer version" in answer.err and len(answer.err.splitlines()) == 1


def test_every_version_has_a_way_to_today() -> None:
    assert set(versions.STEPS) == set(range(versions.FORMAT))


# --- disks ---


def test_a_folder_that_turns_read_only(recipe: Recipe, whole: Run, small_disk: Path) -> None:  # noqa: F811
    """As a disk does that has errors: the checkpoint stays, the reason is said, and it goes on afterwards."""
    run = Run(small_disk / "run")

    def close(event: Event) -> None:
        if isinstance(event, Ticked) and event.step == 7:
            subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    with pytest.raises(TrainingError, match="the run folder cannot be written; what was saved before is kept"):
        train(recipe, run, listen=close)
    assert run.status().step >= 5 and load_model(run.path)
    with pytest.raises(OSError) as refused:
        run.claim()
    assert refused.value.errno == errno.EROFS and "can only be read" in sentence_of(refused.value)
    with pytest.raises(RunError, match="the run folder cannot be written"):
        Run(small_disk / "another").create(recipe)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    (run.path / "process.json").unlink()  # this process is still alive; another one would have ended
    resume(run)
    assert_same_training(run, whole)


def test_an_evaluation_on_a_full_disk(
    asked: EvaluationSpec,  # noqa: F811
    small_disk: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = evaluate(asked, evaluation_of(asked))
    assert reference is not None
    monkeypatch.setenv("MVFA_RUNS", str(small_disk))
    folder = evaluation_of(asked)
    folder.create(asked)

    def fill_up(what: str, done: int, total: int) -> None:
        if done and not (small_disk / "ballast").exists():
            fill(small_disk, 2**12)

    with pytest.raises(OSError):
        evaluate(asked, folder, progress=fill_up)
    assert folder.status().state in ("failed", "lost", "stopped") and not list(folder.path.rglob("*.part"))
    (small_disk / "ballast").unlink()
    found = evaluate(asked, folder)
    assert found is not None and found.names == reference.names
    assert (found.predicted_N == reference.predicted_N).all() and (found.true_N == reference.true_N).all()


@pytest.mark.parametrize("spoilt", [b"", b"words", b"PK\x03\x04", b"half", b"other"])
def test_a_state_that_is_spoilt(spoilt: bytes, recipe: Recipe, tmp_path: Path) -> None:
    """Nothing of the run is changed, and what can still be used is said."""
    run = Run(tmp_path / "run")

    def stop(event: Event) -> None:
        if isinstance(event, Ticked) and event.step == 7:
            run.request_stop()

    train(recipe, run, listen=stop)
    state = run.path / "state.pt"
    if spoilt == b"half":
        state.write_bytes(state.read_bytes()[:-1_000])
    elif spoilt == b"other":
        torch.save({"step": 3}, state)
    else:
        state.write_bytes(spoilt)
    events = len(run.validations())
    with pytest.raises(
        RunError, match=r"its state\.pt is no state of this run, or spoilt .*; model\.safetensors is kept"
    ):
        resume(run)
    assert run.status().state == "failed" and load_model(run.path) and len(run.validations()) == events


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENAMETOOLONG, errno.ELOOP, 9_999])
def test_what_the_system_refuses_is_told_without_its_place(number: int) -> None:
    sentence = sentence_of(OSError(number, os.strerror(number), "/home/somebody/secret/\x1b[31mrun.json"))
    assert sentence.startswith("\\u001b[31mrun.json: ") and "somebody" not in sentence


# --- what goes away while somebody looks ---


def with_model(folder: Path, name: str) -> Run:
    run = a_run(folder, name, "finished", claimed=False)
    save_model(
        build_model("compact", "mfa", 2, k=4, sizes=(3,), classes=("a", "b")), run.path / "model.safetensors", {}
    )
    return run


def texts(page: AppTest) -> str:
    return " ".join(str(one.value) for kind in (page.error, page.warning, page.info) for one in kind)


def test_a_run_that_is_removed_while_its_model_is_shown(app: AppTest, tmp_path: Path) -> None:  # noqa: F811
    run = with_model(tmp_path, "mine")
    app.query_params["model"] = "runs/mine"
    app.run()
    assert not app.exception and app.selectbox(key="model").value == "runs/mine"
    shutil.rmtree(run.path)
    app.run()
    assert not app.exception and app.selectbox(key="model").value != "runs/mine"


@pytest.mark.parametrize("content", [b"", b"words", b"\x80\x02]q\x00."])
def test_weights_that_are_spoilt_while_they_are_shown(app: AppTest, tmp_path: Path, content: bytes) -> None:  # noqa: F811
    run = with_model(tmp_path, "mine")
    app.query_params["model"] = "runs/mine"
    app.run()
    (run.path / "model.safetensors").write_bytes(content)
    app.run()
    assert not app.exception and "not a safetensors file" in texts(app).replace("\\", "")
    assert str(tmp_path) not in texts(app)


def test_runs_that_are_removed_or_spoilt_while_they_are_listed(app: AppTest, tmp_path: Path) -> None:  # noqa: F811
    runs = [a_run(tmp_path, name, "finished") for name in ("one", "two", "three")]
    page = app.run().switch_page("../pages/runs.py").run()
    shutil.rmtree(runs[0].path)
    (runs[1].path / "recipe.json").write_text("{")
    (runs[2].path / "metrics.jsonl").write_bytes(b"\xff\n[1]\n")
    page.run()
    assert not page.exception
    page = page.switch_page("../pages/train.py").run()
    assert not page.exception


def test_a_run_that_is_removed_while_it_is_watched(app: AppTest, tmp_path: Path) -> None:  # noqa: F811
    a_run(tmp_path, "first", "finished")
    run = a_run(tmp_path, "mine", "failed")
    app.query_params["run"] = "mine"
    page = app.run().switch_page("../pages/train.py").run()
    assert not page.exception
    shutil.rmtree(run.path)
    page.run()
    assert not page.exception
    shutil.rmtree(tmp_path / "runs")
    page.run()
    assert not page.exception and not list_runs(tmp_path / "runs")


@pytest.mark.parametrize("what", ["the picture", "its folder", "its bytes"])
def test_a_picture_that_goes_away_while_it_is_open(app: AppTest, tmp_path: Path, what: str) -> None:  # noqa: F811
    """Who looks at it goes on; who comes later by its address sees another picture, and no traceback."""
    folder = split_folder(tmp_path / "colours", each=2, held_out=1)
    looked = replace(spec_for(bundled()["compact_mfa"], "synthetic"), data=str(folder))
    evaluation_of(looked).create(looked)
    evaluation_of(looked).findings_file.write_bytes(b"")
    mine = app.query_params["picture"] = dataset_pictures.address(looked, 0)
    app.run()
    assert not app.exception and app.query_params["picture"] == mine
    file = folder / dataset_pictures.side(Split(str(folder)), "val").name(0)
    if what == "its folder":
        shutil.rmtree(folder)
    elif what == "the picture":
        file.unlink()
    else:
        file.write_bytes(b"words")
    app.run()
    assert not app.exception
    cache.clear()
    st.cache_resource.clear()
    app.query_params["picture"] = mine
    app.run()
    assert not app.exception and str(tmp_path) not in texts(app)
