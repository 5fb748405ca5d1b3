"""Folders that the program writes itself, as a stranger, a broken disk or another version may have left them."""

from __future__ import annotations

import io
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from tests.corpus.bad_pictures import picture, saved
from tests.corpus.corpus import Shelf

RECIPE: dict[str, Any] = {
    "data": "synthetic",
    "backbone": "compact",
    "pooling": "mfa",
    "steps": 20,
    "k": 4,
    "sizes": [3],
}
EVENTS = (
    {"event": "start", "step": 0, "time_s": 0, "classes": ["a", "b"], "train_n": 8, "val_n": 4},
    {"event": "step", "step": 10, "loss": 2.0, "loss_global": 1.0, "loss_local": 1.0, "train_accuracy": 0.5, "lr": 0.1,
     "steps_per_s": 4.0, "time_s": 2.5},
    {"event": "validation", "step": 10, "accuracy": 0.75, "n": 4, "time_s": 3.0},
)  # fmt: skip
TEXTS = {
    "nothing": b"",
    "words": b"these are words",
    "a list": b"[]",
    "null": b"null",
    "brackets": b"[" * 100_000,
    "bytes": bytes(range(256)),
    "a number of 10,000 digits": b"9" * 10_000,
    "half a letter": b'{"data": "\\ud800"}',
}


def lines(*events: dict[str, Any]) -> bytes:
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def fill_runs(shelf: Shelf) -> None:
    """Run folders. `taken` is whether the run can still be listed with its recipe."""

    def run(what: str, taken: bool | None = True, name: str = "run", **files: bytes | None) -> Path:
        folder = shelf.place(name)
        folder.mkdir()
        parts: dict[str, bytes | None] = {"recipe.json": json.dumps(RECIPE).encode(), "metrics.jsonl": lines(*EVENTS)}
        for part, data in {**parts, **{key.replace("__", "."): value for key, value in files.items()}}.items():
            if data is not None:
                (folder / part).write_bytes(data)
        shelf.note(what, folder, taken)
        return folder

    run("nothing wrong")
    for what, data in TEXTS.items():
        run(f"a recipe of {what}", False, recipe__json=data)
        run(f"figures of {what}", metrics__jsonl=data + b"\n" + lines(EVENTS[2]))
    for name, value in (("data", 5), ("data", ""), ("k", "x"), ("k", 0), ("sizes", [2]), ("sizes", "3"), ("lr", "x"),
                        ("lr", float("nan")), ("steps", -1), ("steps", 10**30), ("batch", 1.5), ("backbone", "vgg17"),
                        ("backbone", ["compact"]), ("seed", 2**80), ("film", 99), ("hidden", ["x"]), ("format", 99),
                        ("format", "one"), ("format", -1), ("preset", 5), ("weights", 7)):  # fmt: skip
        run(f"a recipe with {name} = {value!r}"[:60], False, recipe__json=json.dumps({**RECIPE, name: value}).encode())
    run("a preset of another version", recipe__json=json.dumps({**RECIPE, "preset": "gone"}).encode())
    run("fields of another version", recipe__json=json.dumps({**RECIPE, "evil": "x" * 1_000}).encode())
    run("a recipe of 2 MiB", False, recipe__json=json.dumps({**RECIPE, "evil": "x" * 2**21}).encode())
    lies: dict[str, dict[str, Any]] = {
        "words for steps": {"step": "x"},
        "a step below nought": {"step": -5},
        "a step of 10^30": {"step": 10**30},
        "NaN": {"accuracy": float("nan")},
        "words for an accuracy": {"accuracy": "best"},
        "no accuracy": {"accuracy": None},
    }
    for what, changes in lies.items():
        run(f"figures with {what}", metrics__jsonl=lines(*EVENTS, {**EVENTS[2], **changes}))
    run(
        "an end nobody knows",
        metrics__jsonl=lines(*EVENTS, {"event": "end", "step": 10, "reason": "evil", "message": "x"}),
    )
    run(
        "an end that is markup",
        metrics__jsonl=lines(
            *EVENTS,
            {
                "event": "end",
                "step": 10,
                "reason": "failed",
                "message": "![x](http://evil.invalid/a.png) /home/me/secret/x.txt",
            },
        ),
    )
    run("one line of 5 MiB", metrics__jsonl=b'{"event": "step", "step": 1, "x": "' + b"x" * (5 * 2**20))
    notes = {
        **TEXTS,
        "a word for a pid": b'{"pid": "x", "created": 1}',
        "no pid": b'{"pid": -5, "created": 1}',
        "a pid of 31 digits": b'{"pid": ' + b"9" * 31 + b', "created": 1}',
    }
    for what, data in notes.items():
        run(f"a note of its process that is {what}", process__json=data)
        run(f"other notes that are {what}", queued__json=data, preparing__json=data, pace__json=data, lesson__json=data)
    run("waiting since never", queued__json=b'{"since": NaN}')
    run("weights that are a pickle", model__safetensors=pickle.dumps({"a": 1}))
    run("a film of words", film__jsonl=b"words\n" + b'{"event": "film", "step": 1, "frames": [1, {}]}\n')
    run(
        "a film of lies",
        film__jsonl=lines(
            {
                "event": "film",
                "step": 1,
                "frames": [
                    {
                        "id": "../../../etc/passwd",
                        "adacam": [[1]],
                        "anchors": None,
                        "predicted": "a",
                        "confidence": 1,
                        "label": "a",
                    }
                ],
            }
        ),
    )
    run("a name that turns round", name="\u202enur")
    run("a name that is markup", name="![x](evil) <b>`run`")
    run("a name with colours", name="\x1b[31mrun\x1b[0m")
    run("a name of 200 letters", name="r" * 200)
    _runs_of_other_things(shelf, run)


def _runs_of_other_things(shelf: Shelf, run: Any) -> None:
    for name in (
        "recipe.json",
        "metrics.jsonl",
        "process.json",
        "stop",
        "queued.json",
        "film.jsonl",
        "model.safetensors",
    ):
        folder = run(f"{name} is a folder", name != "recipe.json", metrics__jsonl=None)
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
    for name in ("recipe.json", "process.json", "queued.json", "preparing.json"):
        folder = run(f"{name} is a pipe", name != "recipe.json")
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
    folder = run("recipe.json is a link to itself", False, recipe__json=None)
    (folder / "recipe.json").symlink_to(folder / "recipe.json")
    folder = run("a film's picture is a link out of the folder")
    (folder / "film").mkdir()
    (folder / "film" / "0.webp").symlink_to("/etc/passwd")


def fill_evaluations(shelf: Shelf) -> None:
    """Evaluation folders. `taken` is whether the request can still be read."""
    request = {"model": "/x/model.safetensors", "content": "ab", "name": "m", "data": "synthetic", "side": "val",
               "limit": None, "seed": 0}  # fmt: skip

    def evaluation(what: str, taken: bool | None = False, **files: bytes) -> None:
        folder = shelf.place("evaluation")
        folder.mkdir()
        parts = {"request.json": json.dumps(request).encode()}
        for name, data in {**parts, **{key.replace("__", "."): value for key, value in files.items()}}.items():
            (folder / name).write_bytes(data)
        shelf.note(what, folder, taken)

    for what, data in TEXTS.items():
        evaluation(f"a request of {what}", request__json=data)
        evaluation(f"findings of {what}", True, pictures__npz=data)
        evaluation(f"progress of {what}", True, progress__json=data, failed__json=data, process__json=data)
    for name, value in (("model", 5), ("data", ["x"]), ("side", "evil"), ("limit", -1), ("limit", "x"), ("seed", "x"),
                        ("evil", 1)):  # fmt: skip
        evaluation(f"a request with {name} = {value!r}", request__json=json.dumps({**request, name: value}).encode())
    evaluation("progress of lies", True, progress__json=b'{"what": 5, "done": "x", "total": -1, "seconds_left": "NaN"}')
    spoilt = {
        "too short": {"label_N": np.zeros(1, np.int64)},
        "a class nobody knows": {"label_N": np.full(2, 9)},
        "NaN for classes": {"label_N": np.full(2, np.nan)},
        "words for numbers": {"true_N": np.array(["a", "b"])},
        "pickles": {"true_N": np.array([{}, {}], object)},
    }
    for what, changed in spoilt.items():
        evaluation(f"findings that are {what}", True, pictures__npz=findings(**changed))
    whole = findings()
    for at in (20, len(whole) // 2, len(whole) - 5):
        evaluation(f"the first {at} bytes of findings", True, pictures__npz=whole[:at])


def findings(**changes: np.ndarray) -> bytes:
    texts = json.dumps({"classes": ["a", "b"], "sizes": [], "names": ["0", "1"]}).encode()
    arrays: dict[str, Any] = {name: np.zeros(2) for name in ("confidence_N", "true_N", "margin_N")}
    arrays |= {name: np.zeros(2, np.int64) for name in ("place_N", "label_N", "predicted_N")}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, texts=np.frombuffer(texts, np.uint8), **{**arrays, **changes})
    return buffer.getvalue()


def fill_results(shelf: Shelf) -> None:
    """Results files."""
    one = {"state": "done", "accuracy": 0.5}
    for what, data in TEXTS.items():
        shelf.put(what, "results.json", data)
    for what, told in (
        ("a newer version", {"version": 99, "requests": [], "measured": {}}),
        ("no version", {"requests": [], "measured": {}}),
        ("a list of measurements", {"version": 1, "requests": [], "measured": []}),
        ("a measurement that is a number", {"version": 1, "requests": [], "measured": {"a": 5}}),
        ("words for an accuracy", {"version": 1, "requests": [], "measured": {"a": {**one, "accuracy": "best"}}}),
        ("NaN for an accuracy", {"version": 1, "requests": [], "measured": {"a": {**one, "accuracy": float("nan")}}}),
        ("a curve of words", {"version": 1, "requests": [], "measured": {"a": {**one, "curve": [["a", "b"]]}}}),
        ("a curve of threes", {"version": 1, "requests": [], "measured": {"a": {**one, "curve": [[1, 2, 3]]}}}),
        ("a request of nothing", {"version": 1, "requests": [{}], "measured": {}}),
        ("an experiment nobody knows", {"version": 1, "requests": [{"experiment": "evil", "settings": {}, "data": []}],
                                        "measured": {}}),
    ):  # fmt: skip
        shelf.put(what, "results.json", json.dumps(told))


def fill_lists(shelf: Shelf) -> None:
    """Folders with lists of pictures. `taken` is whether a layout is found."""
    png = saved(picture(), "PNG")

    def listed(what: str, train: bytes, taken: bool | None = False) -> None:
        folder = shelf.place("data")
        for name in ("a", "b"):
            (folder / name).mkdir(parents=True)
            for i in range(2):
                (folder / name / f"{i}.png").write_bytes(png)
        (folder / "train.txt").write_bytes(train)
        (folder / "val.txt").write_bytes(b"a/1.png\nb/1.png\n")
        shelf.note(what, folder, taken)

    listed("nothing wrong", b"a/0.png\nb/0.png\n", True)
    listed("nothing", b"")
    listed("a way out", b"../../../etc/passwd\n")
    listed("a way from the root", b"/etc/passwd\n")
    listed("a way of Windows", b"C:\\secret.png\n")
    listed("no class", b"0.png\n")
    listed("bytes", bytes(range(1, 256)), None)
    for what, line in (
        ("zeros", b"a/\0.png\n"),
        ("a line of 100,000 letters", b"a/" + b"n" * 100_000 + b".png\n"),
        ("a class that hides", "a/0.png\t\u202e\x1b[31m\n".encode()),
    ):
        listed(f"{what}, and no two classes to learn", line)  # which are those of the training list
        listed(f"{what}, among good lines", b"a/0.png\nb/0.png\n" + line, True)
