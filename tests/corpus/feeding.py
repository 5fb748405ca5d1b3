"""How each kind of file is handed in, by the doors that a user has, and what must hold after it."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mvfa_core.checkpoints import bundled, load_model, read_card
from mvfa_core.data.annotations import read_boxes
from mvfa_core.data.archives import unpack
from mvfa_core.data.layouts import find
from mvfa_core.data.uploads import keep
from mvfa_core.evaluation.folder import Evaluation
from mvfa_core.experiments.results import read
from mvfa_core.images import open_picture
from mvfa_core.training.archive import import_zip
from mvfa_core.training.attention_history import history_picture, read_history
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.step_control import control_of, read_report
from tests.corpus.corpus import Bad
from tests.mvfa_core.cli.conftest import Answer

LONGEST_S = 120
"""Nothing takes so long; what does hangs."""
MOST_GROWTH = 1_500 * 2**20
"""Bytes that the process may grow by over the whole corpus; decoding the largest picture that is allowed takes 0.7."""
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
Call = Callable[..., Answer]


@contextmanager
def in_time() -> Iterator[None]:
    """A pipe or a bomb must not hold up the tests for ever."""

    def late(*_: object) -> None:
        raise AssertionError(f"took more than {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def memory_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def snapshot(*folders: Path) -> dict[str, tuple[int, int, int]]:
    """Everything below some folders: kind, size and time of writing."""
    found = {}
    for folder in folders:
        for place, names, files in os.walk(folder):
            for name in (*names, *files):
                told = os.lstat(os.path.join(place, name))
                found[os.path.join(place, name)] = (told.st_mode, told.st_size, told.st_mtime_ns)
    return found


def refusal(bad: Bad, do: Callable[[], Any]) -> tuple[Any, str]:
    """What a library call gives, and the sentence it is refused with, one of both; anything else is a mistake."""
    try:
        given, sentence = do(), ""
    except ValueError as error:
        given, sentence = None, str(error)
        expect_sentence(bad, sentence)
    assert bad.taken is None or bad.taken == (not sentence), f"{bad}: {sentence or 'was taken'}"
    return given, sentence


def expect_sentence(bad: Bad, text: str) -> None:
    assert 10 < len(text) < 2_100, f"{bad}: {len(text)} characters: {text[:300]!r}"
    assert not HIDDEN.search(text), f"{bad}: hides something: {text!r}"
    assert "Traceback" not in text and "\n" not in text, f"{bad}: {text!r}"


def last_line(text: str) -> str:
    """What stands there when the progress bars are done."""
    return text.strip().rpartition("\n")[2].rpartition("\r")[2]


def expect_answer(bad: Bad, answer: Answer) -> None:
    """The command line did what it was asked, or one line says why not: 2 for what was handed in, never a traceback."""
    assert answer.status in ((0,) if bad.taken else (2,) if bad.taken is False else (0, 1, 2)), f"{bad}: {answer}"
    if answer.status:
        expect_sentence(bad, last_line(answer.err))
    assert not HIDDEN.search(answer.out), f"{bad}: hides something: {answer.out!r}"


# --- the doors, by kind ---


def picture(bad: Bad, here: Path, call: Call) -> None:
    opened, _ = refusal(bad, lambda: open_picture(bad.path))
    if opened is not None:
        assert opened.mode == "RGB" and min(opened.size) >= 1 and opened.info == {}, bad
    if bad.taken is not None or int(bad.path.parent.name) % 5 == 0:  # spoilt ones go the same way
        model = bundled()["compact_gap"]
        answer = call("explain", model, bad.path, "--out", here / "out", "--json")
        expect_answer(bad, answer)
    if os.path.isfile(bad.path) and bad.path.stat().st_size < 2**24:
        refusal(bad, lambda: open_picture(bad.path.read_bytes()))
        with bad.path.open("rb") as file:
            refusal(bad, lambda: open_picture(file))


def archive(bad: Bad, here: Path, call: Call) -> None:
    target = here / "unpacked"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    if bad.path.suffix == ".zip":
        upload, _ = refusal(bad, lambda: keep(bad.path, bad.path.name))
        if upload is not None:
            inside = snapshot(upload.folder)
            assert not any(os.path.islink(path) for path in inside), bad
            found = find(upload.folder)
            assert len(found.classes) >= 2 and not any(HIDDEN.search(name) for name in found.classes), bad
    else:
        refusal(bad, lambda: unpack(bad.path, target))
    assert all(Path(path).resolve().is_relative_to(target.resolve()) for path in snapshot(target)), bad
    shutil.rmtree(target)
    answer = call("data", "get", "ucmerced", "--from", bad.path)
    assert answer.status in (1, 2), f"{bad}: {answer}"  # none of them is that data set
    expect_sentence(bad, last_line(answer.err))


def boxes(bad: Bad, here: Path, call: Call) -> None:
    found, _ = refusal(bad, lambda: read_boxes(bad.path))
    for one in found or ():
        assert one.boxes_N4.shape[1] == 4 and (one.boxes_N4[:, 2:] > one.boxes_N4[:, :2]).all(), bad


def model(bad: Bad, here: Path, call: Call) -> None:
    made, _ = refusal(bad, lambda: load_model(bad.path))
    if made is not None:
        assert not any(HIDDEN.search(name) or len(name) > 80 for name in made.classes), bad
        assert len(set(made.classes)) == len(made.classes), bad
        read_card(bad.path)
    answer = call("export", bad.path, "--onnx", here / "model.onnx") if not bad.taken else Answer(0, "", "")
    if bad.taken is False:
        expect_answer(bad, answer)


def run(bad: Bad, here: Path, call: Call) -> None:
    one = Run(bad.path)
    refusal(bad, one.recipe)
    for look in (one, FollowedRun(one)):
        try:
            status = look.status()
        except RunError as error:
            expect_sentence(bad, str(error))
        else:
            assert status.step >= 0 and isinstance(status.message, str), bad
    followed = FollowedRun(one)
    followed.catch_up()
    followed.curves(), followed.best(), followed.memory_bytes()
    one.is_alive(), one.queued_since(), one.validations(), one.model_path(), control_of(one), read_report(one)
    for line in read_history(one):
        assert all(frame["id"] != "" for frame in line["frames"]), bad
    assert history_picture(one, "0") is None or "link" not in bad.what, bad
    expect_answer(bad, call("runs", "show", bad.path))
    expect_answer(bad, call("runs", "compare", bad.path, bad.path, "--json"))


def parcel(bad: Bad, here: Path, call: Call) -> None:
    made, _ = refusal(bad, lambda: import_zip(bad.path))
    if made is not None:
        made.status(), made.recipe()
        shutil.rmtree(made.path)
    expect_answer(bad, call("runs", "import", bad.path))


def evaluation(bad: Bad, here: Path, call: Call) -> None:
    one = Evaluation(bad.path)
    refusal(bad, one.request)
    if bad.taken:
        one.status()
        try:
            one.findings()
        except ValueError as error:
            expect_sentence(bad, str(error))
        else:
            assert "findings" not in bad.what, bad
    if bad.taken is False:
        expect_answer(bad, call("evaluate", "--resume", bad.path))


def results(bad: Bad, here: Path, call: Call) -> None:
    refusal(bad, lambda: read(bad.path))


def listing(bad: Bad, here: Path, call: Call) -> None:
    found, _ = refusal(bad, lambda: find(bad.path))
    if found is not None:
        assert not any(HIDDEN.search(name) for name in found.classes), bad
    answer = call("data", "check", bad.path)
    assert answer.status in (0, 1, 2) and not HIDDEN.search(answer.out + last_line(answer.err)), f"{bad}: {answer}"


DOORS = {
    "picture": picture, "archive": archive, "boxes": boxes, "model": model, "run": run, "parcel": parcel,
    "evaluation": evaluation, "results": results, "list": listing,
}  # fmt: skip
