"""Models, pictures and runs that figures are made of, without training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from mvfa_core import build_model, save_model
from mvfa_core.data.synthetic import draw_scene
from mvfa_core.figures import FileSources
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

CLASSES = ("cat", "dog", "cow")


@pytest.fixture(scope="session")
def desk() -> FileSources:
    """One desk for all: what a test opened stays open for the next."""
    return FileSources()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two files that are wider than high."""
    folder = tmp_path_factory.mktemp("pictures") / "dog"
    folder.mkdir()
    for seed in (6, 21):
        Image.fromarray(draw_scene(seed).picture).resize((300, 200)).save(folder / f"{seed}.png")
    return [str(folder / f"{seed}.png") for seed in (6, 21)]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small untrained model."""
    return saved(tmp_path_factory.mktemp("model") / "tiny.safetensors", seed=1)


def saved(path: Path, seed: int, pooling: str = "mfa") -> str:
    """A checkpoint of an untrained model."""
    views = {"k": 5, "sizes": (3, 5)} if pooling == "mfa" else {}
    network = build_model("compact", pooling=pooling, num_classes=3, classes=CLASSES, seed=seed, **views)
    save_model(network, path, {"data": "animals", "accuracy": 0.5})
    return str(path)


def a_run(folder: Path, pooling: str, data: str, accuracies: tuple[float | None, ...]) -> str:
    """A run folder with a validation every hundred steps."""
    run = Run(folder)
    run.create(Recipe(backbone="compact", pooling=pooling, data=data))
    for place, accuracy in enumerate(accuracies, start=1):
        run.append({"event": "validation", "step": 100 * place, "accuracy": accuracy, "n": 10, "time_s": 1.0})
    return str(folder)


def a_film(folder: Path, steps: int = 5) -> str:
    """A run with a film of two pictures."""
    run = Run(folder)
    run.create(Recipe(backbone="compact", pooling="mfa"))
    (folder / "film").mkdir()
    for name in ("3", "8"):
        Image.fromarray(draw_scene(int(name)).picture).save(folder / "film" / f"{name}.webp")
    with (folder / "film.jsonl").open("w") as file:
        for step in range(steps):
            frames = [
                {"id": name, "adacam": [[0.5 * step, 1.0], [2.0, -1.0]], "anchors": [[0, 1], [1, 0]],
                 "predicted": "star", "confidence": 0.25 + 0.1 * step, "label": "ring"}
                for name in ("3", "8")
            ]  # fmt: skip
            file.write(json.dumps({"event": "film", "step": 10 * step, "frames": frames}) + "\n")
    return str(folder)
