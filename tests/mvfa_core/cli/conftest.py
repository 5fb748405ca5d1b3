"""What the tests of the command line share: a call that gives (status, out, err), and one small trained run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from mvfa_core.__main__ import main
from mvfa_core.data import sources
from mvfa_core.training.runs import Run
from tests.pictures import split_folder

TINY = shlex.split("--k 4 --sizes 3 5 --steps 6 --batch 4 --val-every 3 --lr 0.004 --device cpu --seed 3")


class Answer(NamedTuple):
    """What a command left: its exit status, standard output and standard error."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The models here are tiny: a second thread only waits, and on a busy machine it waits long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """call("eval", model, "--json") -> Answer, as from `python -m mvfa_core eval ...`."""

    def run(*words: object) -> Answer:
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Answer(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures with train/ and val/."""
    return split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=3)


@pytest.fixture(scope="session", params=["mfa", "gap"])
def either(request: pytest.FixtureRequest, colours: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of each pooling."""
    return trained(request.param, colours, tmp_path_factory)


@pytest.fixture(scope="session")
def model(colours: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with MFA."""
    return trained("mfa", colours, tmp_path_factory)


_RUNS: dict[str, Path] = {}


def trained(pooling: str, colours: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if pooling not in _RUNS:
        path = tmp_path_factory.mktemp("models") / f"tiny-{pooling}"
        assert main(["train", "--data", str(colours), "--pooling", pooling, "--out", str(path), "--quiet", *TINY]) == 0
        _RUNS[pooling] = path
    return _RUNS[pooling]


@pytest.fixture
def few_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A synthetic set whose validation is drawn in a moment."""
    monkeypatch.setattr(sources, "SYNTHETIC_VAL", 24)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a runs folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    return tmp_path


def sole_run(root: Path) -> Run:
    (name,) = os.listdir(root)
    return Run(root / name)
