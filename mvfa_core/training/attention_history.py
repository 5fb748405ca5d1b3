"""The film of a run: the same few pictures explained at every validation, so that one sees attention appear.

    film/<id>.webp   the pictures, written once
    film.jsonl       one line a validation: {"step": ..., "frames": [one record a picture]}

A frame names its picture and says where the model looked and what it answered: `adacam` on the grid, (H, W) in logits
(for GAP the CAM of the predicted class), `anchors` as (x, y) in cells by falling A or null, `predicted`, `confidence`
and `label`.

    B images · S side in px · D channels · C classes · H W grid in cells · K anchors
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from mvfa_core.checks import NotFiniteError, looking_once
from mvfa_core.data.sets import PictureSet
from mvfa_core.files import whole_file
from mvfa_core.images import normalise
from mvfa_core.model import Classifier
from mvfa_core.stages import Stages
from mvfa_core.training.batches import to_device
from mvfa_core.training.engine import Event, Started, Trainer, Validated
from mvfa_core.training.evaluation_mode import unchanged
from mvfa_core.training.event_log import LARGEST, EventLog
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

FRAMES, PICTURES = "film.jsonl", "film"
DIGITS = 4
"""Of a map's values: more than any colour can show."""
MOST_CELLS = 256
"""Of a side of a map."""


class AttentionHistory:
    """A recorder that explains `recipe.film` pictures of the val split at the start and at every validation.

    It changes nothing about the training. A film that cannot be written, for want of space perhaps, is no reason to end
    a run: what is missing is a frame.
    """

    def __init__(self, run: Run, recipe: Recipe) -> None:
        self.run, self.count = run, recipe.film
        self.journal = EventLog(run.path / FRAMES)
        self.chosen: list[int] = []
        self.image_B3SS: torch.Tensor | None = None

    def __call__(self, trainer: Trainer, event: Event) -> None:
        if not isinstance(event, Started | Validated):
            return
        with suppress(OSError, NotFiniteError):
            if isinstance(event, Started):
                self._open(trainer)
            if isinstance(event, Validated) or (event.step == 0 and not self._lines()):
                self.journal.append({"event": "film", "step": event.step, "frames": self._frames(trainer)})

    def _open(self, trainer: Trainer) -> None:
        """Choose and keep the pictures, and forget the frames after the checkpoint that the run goes on from."""
        val = trainer.data.val
        self.chosen = choose(val.labels, len(trainer.data.classes), self.count)
        self.image_B3SS = normalise(to_device(np.array(val.images[self.chosen]), trainer.device))
        self.journal.keep([line for line in self._lines() if line["step"] <= trainer.step])
        _write_pictures(self.run.path / PICTURES, val, self.chosen)

    def _lines(self) -> list[dict]:
        return self.journal.read()[0]

    def _frames(self, trainer: Trainer) -> list[dict[str, Any]]:
        assert self.image_B3SS is not None, "the run has started"
        with unchanged(trainer), torch.no_grad(), looking_once():
            stages = trainer.network(self.image_B3SS)
        data = trainer.data
        labels = [data.classes[label] for label in data.val.labels[self.chosen]]
        return frames_of(trainer.model, stages, [str(index) for index in self.chosen], labels)


def choose(labels: np.ndarray, classes: int, count: int) -> list[int]:
    """The indices of `count` pictures, or of all if there are fewer, spread evenly over the classes: the first picture
    of each class chosen, then the second of each, and so on. The same every time."""
    queues = [queue for c in range(classes) if (queue := [int(i) for i in np.flatnonzero(labels == c)])]
    count = min(count, len(labels))
    if count < len(queues):
        queues = [queues[place * len(queues) // count] for place in range(count)]
    rounds = (queue[turn] for turn in range(max(map(len, queues), default=0)) for queue in queues if turn < len(queue))
    return [next(rounds) for _ in range(count)]


def frames_of(model: Classifier, stages: Stages, ids: Sequence[str], labels: Sequence[str]) -> list[dict[str, Any]]:
    """One record a picture, ready for JSON."""
    views = 1 if stages.logits_BMC is None else stages.logits_BMC.shape[1]
    confidence_BC = (stages.ensemble_BC.float() / views).softmax(dim=1)
    predicted_B = stages.ensemble_BC.argmax(dim=1)
    map_BHW = shown_map(model, stages, predicted_B).detach().float().cpu().numpy()
    anchors = None if stages.anchors_BK2 is None else stages.anchors_BK2.cpu().tolist()
    return [
        {
            "id": ids[b],
            "adacam": [[float(f"{value:.{DIGITS}g}") for value in row] for row in map_BHW[b]],
            "anchors": None if anchors is None else anchors[b],
            "predicted": model.classes[int(predicted_B[b])],
            "confidence": round(float(confidence_BC[b, predicted_B[b]]), DIGITS),
            "label": labels[b],
        }
        for b in range(len(ids))
    ]


def shown_map(model: Classifier, stages: Stages, classes_B: torch.Tensor) -> torch.Tensor:
    """AdaCAM, (B, H, W); for GAP the CAM of one class a picture, or the head's answer at every cell where a hidden
    layer leaves no weights to build a CAM from."""
    if stages.A_BHW is not None:
        return stages.A_BHW
    head, F_BDHW = model.pooling.head, stages.F_BDHW
    if (weights := head.class_weights()) is not None:
        return torch.einsum("bd,bdhw->bhw", weights[0][classes_B], F_BDHW)
    answers_BHWC = head.finish(head.maps(F_BDHW).movedim(1, -1))
    return torch.stack([answers_BHWC[b, ..., c] for b, c in enumerate(classes_B.tolist())])


def _write_pictures(folder: Path, val: PictureSet, chosen: Sequence[int]) -> None:
    folder.mkdir(exist_ok=True)
    for index in chosen:
        file = folder / f"{index}.webp"
        if not file.exists():
            with whole_file(file, durable=False) as opened:
                Image.fromarray(np.asarray(val.images[index])).save(opened, "WEBP", quality=86)


# --- reading ---


def read_history(run: Run) -> list[dict[str, Any]]:
    """The sound lines of a run's film, oldest first; a line that a stranger's run brought along and that cannot be
    shown is left out. Empty if there is none."""
    return [line for line in EventLog(run.path / FRAMES).read()[0] if _is_sound(line)]


def history_picture(run: Run, picture_id: str) -> Path | None:
    """The file of one picture of the film, or None if it is not there or no name that `AttentionHistory` gives."""
    file = run.path / PICTURES / f"{picture_id}.webp"
    inside = picture_id.isdecimal() and file.is_file() and file.resolve().is_relative_to(run.path.resolve())
    return file if inside else None


def _is_sound(line: dict[str, Any]) -> bool:
    frames = line.get("frames")
    return isinstance(line["step"], int) and isinstance(frames, list) and all(map(_frame_is_sound, frames))


def _frame_is_sound(frame: Any) -> bool:
    try:
        map_HW, anchors, confidence = frame["adacam"], frame["anchors"], frame["confidence"]
        if not (isinstance(map_HW, list) and map_HW and all(isinstance(row, list) for row in map_HW)):
            return False
        high, wide = len(map_HW), len(map_HW[0])
        even = all(len(row) == wide for row in map_HW) and 0 < wide <= MOST_CELLS >= high
        numbers = [*(value for row in map_HW for value in row), confidence]
        # comparing takes numbers of any length, and nothing is below or above a NaN
        finite = all(isinstance(value, int | float) and abs(value) < LARGEST for value in numbers)
        whole = anchors is None or all(isinstance(x, int) and isinstance(y, int) for x, y in anchors)
        cells = anchors is None or all(0 <= x < wide and 0 <= y < high for x, y in anchors)
        texts = all(isinstance(frame[name], str) for name in ("id", "predicted", "label"))
        return even and finite and 0 <= confidence <= 1 and whole and cells and texts
    except (KeyError, TypeError, ValueError):
        return False
