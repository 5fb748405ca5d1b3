"""Every bad file through every door: a sentence, the right exit status, and nothing else changed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus import corpus
from tests.corpus.feeding import DOORS, MOST_GROWTH, in_time, memory_peak, snapshot
from tests.mvfa_core.cli.conftest import call, one_thread  # noqa: F401

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and links are made")


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> list[corpus.Bad]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a zip with one name twice is what is wanted
        return corpus.make(tmp_path_factory.mktemp("corpus"))


def test_there_are_enough(bad_files: list[corpus.Bad]) -> None:
    assert len(bad_files) >= 300
    assert {one.kind for one in bad_files} == set(DOORS)


@pytest.mark.parametrize("kind", DOORS)
def test_bad_files(
    kind: str,
    bad_files: list[corpus.Bad],
    call: Callable,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("runs", "data", "cache"):
        monkeypatch.setenv(f"MVFA_{name.upper()}", str(tmp_path / "own" / name))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    mine = [one for one in bad_files if one.kind == kind]
    folder = mine[0].path.parents[1]
    before, peak, wrong = snapshot(folder), memory_peak(), []
    for one in mine:
        try:
            with in_time():
                DOORS[kind](one, here, call)
        except Exception as error:
            wrong.append(f"{one}: {type(error).__name__}: {str(error)[:400]}")
    assert not wrong, f"{len(wrong)} of {len(mine)}:\n" + "\n".join(wrong)
    assert snapshot(folder) == before
    assert memory_peak() - peak < MOST_GROWTH
    assert not Path("/tmp/a-pickle-was-opened").exists()
    strange = {path.name for path in tmp_path.iterdir()} - {"own", "here"}
    assert not strange
