"""A runs folder and a data folder for one test, and one thread here and in every process started here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.mvfa_core.experiments.samples import kill_commands, kill_trainers
from tests.pictures import split_folder


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root whose ucmerced is a few coloured pictures."""
    root = tmp_path_factory.mktemp("data")
    split_folder(root / "ucmerced", each=4, held_out=2)
    return root


@pytest.fixture(autouse=True)
def root(tmp_path: Path, colours: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The runs folder; whatever still trains in it afterwards is killed."""
    monkeypatch.setenv("MVFA_DATA", str(colours))
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    kill_commands()
    kill_trainers(tmp_path / "runs")
