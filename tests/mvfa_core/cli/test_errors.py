"""Wrong requests: status 2 (or 1 for a failure), one line on standard error that says what to do, never a traceback."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mvfa_core import load_model
from mvfa_core.training.runs import Run
from tests.mvfa_core.cli.conftest import TINY, Answer, trained
from tests.pictures import COLOURS, noisy

WRONG: dict[str, tuple[str, tuple[str, ...]]] = {
    "no command": ("", ("required", "COMMAND")),
    "unknown command": ("trian", ("trian", "train", "explain")),
    "unknown option": ("train --stpes 5", ("--stpes",)),
    "unknown backbone": ("train --backbone vgg17 --data {data}", ("vgg17", "compact", "vgg16")),
    "unknown pooling": ("train --pooling max", ("max", "mfa", "gap")),
    "unknown recipe": ("train --recipe slow", ("slow", "quick", "paper")),
    "missing data": ("train --data {tmp}/gone --out {tmp}/new --quiet", ("gone", "no such folder")),
    "data that is a file": ("train --data {picture} --out {tmp}/new --quiet", ("no such folder",)),
    "K of nought": ("train --k 0", ("k: expected", "got 0")),
    "K that is no number": ("train --k many", ("--k", "many")),
    "K above H*W": ("train --k 197", ("H*W = 196", "got 197")),
    "an even size": ("train --sizes 3 4", ("sizes: expected odd", "got [3, 4]")),
    "a negative size": ("train --sizes -3", ("sizes",)),
    "no steps": ("train --steps 0", ("steps: expected", "got 0")),
    "unknown device": ("train --data {data} --device tpu --out {tmp}/new --quiet", ("device: expected", "tpu")),
    "nothing to resume": ("train --resume {tmp}", ("no run there",)),
    "missing model": ("eval {tmp}/no.safetensors", ("no.safetensors", "no such file")),
    "a folder without a model": ("eval {tmp}", ("no model there",)),
    "a pickle for a model": ("eval {pickle}", ("not a safetensors file", "pickle")),
    "eval without its data": ("eval {model} --data {tmp}/gone", ("gone", "no such folder")),
    "explain without a model": ("explain {tmp}/none {picture} --out {tmp}/out", ("no such file",)),
    "explain without --out": ("explain {model} {picture}", ("--out",)),
    "a missing picture": ("explain {model} {tmp}/none.jpg --out {tmp}/out", ("none.jpg",)),
    "an unreadable picture": ("explain {model} {pickle} --out {tmp}/out", ("weights.pt",)),
    "a folder without pictures": ("explain {model} {empty} --out {tmp}/out", ("empty: no pictures", "JPEG, PNG, ")),
    "an unknown class": ("explain {model} {picture} --out {tmp}/out --target cat", ("brick, leaf, sea", "'cat'")),
    "a class out of range": ("explain {model} {picture} --out {tmp}/out --target 3", ("below 3", "'3'")),
    "a negative class": ("explain {model} {picture} --out {tmp}/out --target=-1", ("target", "-1")),
    "explain with K above H*W": ("explain {model} {picture} --out {tmp}/out --k 197", ("H*W = 196", "got 197")),
    "explain with K of nought": ("explain {model} {picture} --out {tmp}/out --k 0", ("k: expected", "got 0")),
    "explain with an even size": ("explain {model} {picture} --out {tmp}/out --sizes 2", ("odd", "[2]")),
    "K for a GAP model": ("explain {gap} {picture} --out {tmp}/out --k 3", ("GAP",)),
    "a run that is not there": ("runs show nobody", ("nobody", "no run there")),
    "a run without a name": ("runs stop", ("required", "RUN")),
    "stop of a finished run": ("runs stop {model}", ("not running", "finished")),
    "unknown action": ("runs delete x", ("delete", "list")),
    "bench of nothing": ("bench", ("what",)),
    "bench of an unknown backbone": ("bench step --backbones vgg17", ("vgg17", "compact")),
    "bench without rounds": ("bench head --rounds 0", ("rounds: expected", "got 0")),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("places")
    (folder / "empty").mkdir()
    noisy(COLOURS["sea"], 1).save(folder / "sea.png")
    (folder / "weights.pt").write_bytes(pickle.dumps({"a": [1, 2]}))
    return {"picture": folder / "sea.png", "pickle": folder / "weights.pt", "empty": folder / "empty"}


@pytest.fixture
def filled(
    places: dict[str, Path], model: Path, colours: Path, here: Path, request: pytest.FixtureRequest
) -> Callable[[str], list[str]]:
    def fill(line: str) -> list[str]:
        gap = model
        if "{gap}" in line:
            gap = trained("gap", colours, request.getfixturevalue("tmp_path_factory"))
        return [word.format(tmp=here, data=colours, model=model, gap=gap, **places) for word in line.split()]

    return fill


def one_line(answer: Answer, status: int, words: tuple[str, ...]) -> None:
    assert answer.status == status, answer.err
    assert answer.out == ""
    assert len(answer.err.strip().splitlines()) == 1, answer.err
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err, f"{word!r} is not in {answer.err!r}"


@pytest.mark.parametrize("case", WRONG)
def test_wrong_requests(case: str, call: Callable, filled: Callable) -> None:
    line, words = WRONG[case]
    one_line(call(*filled(line)), 2, words)


def test_wrong_numbers_leave_no_run_behind(call: Callable, here: Path) -> None:
    assert call("train", "--k", 500).status == 2
    assert not (here / "runs").exists()


def test_a_place_that_cannot_be_written_is_one_line(call: Callable, model: Path, places: dict[str, Path]) -> None:
    """The output folder is a file."""
    one_line(
        call("explain", model, places["picture"], "--out", places["pickle"]), 2, ("explain: --out: cannot be a folder",)
    )


def test_help_is_no_error(call: Callable) -> None:
    done = call("--help")
    assert (done.status, done.err) == (0, "")
    for command in ("train", "eval", "explain", "runs", "bench"):
        assert command in done.out
        answer = call(command, "--help")
        assert answer.status == 0
        assert "usage" in answer.out


def test_a_process_of_its_own_says_nothing_but_its_answer(filled: Callable, here: Path, repo_root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(repo_root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "mvfa_core", *filled("explain {model} {picture} --out {tmp}/out")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=here, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sea.png: ")


def test_ctrl_c_is_one_line(colours: Path, here: Path, repo_root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(repo_root), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "mvfa_core", "train", "--data", str(colours), "--out", "runs/long", "--quiet"]
    process = subprocess.Popen(
        [*command, *TINY, "--steps", "100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment, cwd=here,
        # tests that are run in the background may have been told to ignore it, and would hand that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    run, end = Run(here / "runs" / "long"), time.monotonic() + 180
    try:
        while run.model_path() is None and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    one_line(Answer(process.returncode, out, err), 1, ("interrupted", "kept"))
    assert run.status().state == "stopped"
    load_model(run.path)
