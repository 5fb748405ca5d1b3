"""`reproduce` from the outside: what it lists, runs, prints and survives."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from mvfa_core.__main__ import main
from mvfa_core.experiments import cost
from mvfa_core.training.runs import Run, list_runs
from tests.mvfa_core.experiments.samples import TINY_WORDS, kill_trainers, last_accuracy, reproduce
from tests.mvfa_core.training.samples import wait_for

WORDS = ("table3", "--datasets", "ucmerced", "--rows", "GAP", "K=20", *TINY_WORDS)


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Rates that need not be measured, 1 ms a picture."""
    monkeypatch.setattr(cost, "_timed", lambda *args: 0.001)
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("rates")
def test_a_dry_run_lists_all_of_table_1_and_does_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "table1", "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["cells"]) == 110 == len({cell["digest"] for cell in found["cells"]})
    assert found["states"] == {"data missing": 99, "to do": 11}
    assert all(cell["seconds"] > 0 and not cell["shared"] for cell in found["cells"])
    (one,) = (c for c in found["cells"] if (c["row"], c["data"]) == ("VGG16_MFA", "ucmerced"))
    assert one["seconds"] == pytest.approx(0.001 * (15_000 * 64 + 150 * 420 / 3))
    assert not root.exists()


@pytest.mark.usefixtures("rates")
def test_a_dry_run_for_people(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "table1", "--dry-run", "--backbone", "compact", "--datasets", "ucmerced"]) == 0
    out = capsys.readouterr().out
    assert "11 cells, 2 different runs: 11 to do" in out and out.count("shared") == 9
    assert main(["reproduce", "table3", "--dry-run"]) == 0
    assert "data missing: python -m mvfa_core data get imagenette" in capsys.readouterr().out


def test_rates_are_timed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))
    first = cost.seconds_per_picture("compact", "cpu")
    assert 0 < first < 60
    monkeypatch.setattr(cost, "_timed", None)
    assert cost.seconds_per_picture("compact", "cpu") == first


@pytest.mark.slow
def test_runs_prints_and_skips_what_is_done(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", *WORDS, "--rows", "GAP", "--seeds", "2", "--workers", "2", "--json"]) == 0
    figures = {one["row"]: one for one in json.loads(capsys.readouterr().out)["figures"]}
    runs = {run.id: run for run in list_runs(root)}
    assert len(runs) == 2
    for one in figures.values():
        own = [100 * last_accuracy(runs[name]) for name in one["runs"].split()]
        assert one["ours"] == pytest.approx(sum(own) / 2) and one["seeds"] == len(own) == 2
        assert (one["steps"], one["paper_steps"], one["backbone"]) == (6, 15_000, "compact")
    stamps = {path: path.stat().st_mtime_ns for path in root.rglob("metrics.jsonl")}
    assert main(["reproduce", *WORDS, "--rows", "GAP", "--seeds", "2", "--out", str(root / "table.md")]) == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in root.rglob("metrics.jsonl")}
    assert "n = 2 [a]" in (root / "table.md").read_text()
    # A figure outlives its run folder, and nothing is trained for it again.
    list_runs(root)[0].discard()
    capsys.readouterr()
    assert main(["reproduce", *WORDS, "--rows", "GAP", "--seeds", "2", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["states"] == {"done": 2}
    assert main(["reproduce", *WORDS, "--rows", "GAP", "--seeds", "2", "--json"]) == 0
    assert {one["row"]: one["ours"] for one in json.loads(capsys.readouterr().out)["figures"]} == {
        row: one["ours"] for row, one in figures.items()
    }
    assert len(list_runs(root)) == 1


@pytest.mark.slow
def test_killed_in_the_middle_and_run_again(root: Path) -> None:
    """SIGKILL for the command and for what it started; the same words again fill every cell."""
    words = [*WORDS, "--steps-scale", "0.004"]
    command = reproduce(*words)
    wait_for(lambda: any(run.status().step >= 9 for run in list_runs(root)), "the first checkpoint")
    command.send_signal(signal.SIGKILL)
    command.communicate()
    assert kill_trainers(root) == 1
    (cut,) = list_runs(root)
    step = cut.status().step
    again = reproduce(*words, "--json")
    out, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    assert [one["state"] for one in json.loads(out)["figures"]] == ["done", "done"]
    assert "from step" in err
    assert Run(cut.path).status().step == 60 > step


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_keeps_everything(root: Path, number: signal.Signals) -> None:
    command = reproduce(*WORDS, "--steps-scale", "1")
    wait_for(lambda: any(run.status().step >= 10 for run in list_runs(root)), "ten steps")
    command.send_signal(number)
    out, err = command.communicate(timeout=120)
    assert command.returncode == 1 and "Traceback" not in err
    assert err.strip().splitlines()[-1] == "reproduce: interrupted; what was saved is kept"
    (run,) = list_runs(root)
    assert run.status().state == "stopped" and run.model_path() is not None
    assert "| GAP | partly (90.95) |" in out
    assert json.loads((root / "results.json").read_text())["measured"]


@pytest.mark.slow
def test_a_failure_is_reported_and_the_rest_is_done(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = root / "blocked"
    root.mkdir()
    assert main(["reproduce", *WORDS, "--dry-run", "--json"]) == 0
    first, second = (cell["run"] for cell in json.loads(capsys.readouterr().out)["cells"])
    bad.write_text("")
    bad.rename(root / first)  # a file where the run folder should be
    assert main(["reproduce", *WORDS, "--json"]) == 1
    out, err = capsys.readouterr()
    assert [one["state"] for one in json.loads(out)["figures"]] == ["to do", "done"], err
    assert "1 of 2 cells are not filled" in err.splitlines()[-1]
    assert Run(root / second).status().state == "finished"


@pytest.mark.slow
def test_rules_of_the_ablation_are_measured(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["--rows", "MFA", "probability mean", "majority"]
    assert main(["reproduce", "ablation", "--datasets", "ucmerced", *rows, *TINY_WORDS, "--json"]) == 0
    out, err = capsys.readouterr()
    assert [one["state"] for one in json.loads(out)["figures"]] == ["done"] * 3
    assert len(list_runs(root)) == 1 and "measured with majority" in err
    assert main(["reproduce", "ablation", "--datasets", "ucmerced", *rows, *TINY_WORDS]) == 0
    assert "measured" not in capsys.readouterr().err
    # Without its run a rule that has no figure yet needs the training again, and it alone.
    list_runs(root)[0].discard()
    known = json.loads((root / "results.json").read_text())
    known["measured"] = {key: one for key, one in known["measured"].items() if not key.endswith("/probability-mean")}
    (root / "results.json").write_text(json.dumps(known))
    assert main(["reproduce", "ablation", "--datasets", "ucmerced", *rows, *TINY_WORDS]) == 0
    err = capsys.readouterr().err
    assert len(list_runs(root)) == 1 and "measured with probability-mean" in err and "with majority" not in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["table9"], "invalid choice"),
        (["table3", "--seeds", "0"], "seeds: expected a whole number >= 1, got 0"),
        (["table3", "--workers", "0"], "workers: expected"),
        (["table3", "--steps-scale", "2"], "steps-scale: expected"),
        (["table3", "--rows", "K=1"], "row: expected one of GAP"),
        (["table3", "--backbone", "vgg61"], "backbone: expected one of compact"),
        (["table3", "--backbone", "resnet50"], "k: expected a whole number from 1 to H*W = 49, got 50"),
    ],
)
def test_wrong_requests(words: list[str], sentence: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["reproduce", *words])
    except SystemExit as stop:
        status = int(stop.code or 0)
    err = capsys.readouterr().err
    assert status == 2 and sentence in err and len(err.strip().splitlines()) == 1
    assert not root.exists()


def test_a_spoilt_results_file_is_refused_before_anything_runs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root.mkdir()
    (root / "results.json").write_text("{")
    assert main(["reproduce", *WORDS]) == 2
    assert "results.json: cannot be read" in capsys.readouterr().err
    assert list_runs(root) == []
