"""The work of an evaluation: load, look at batch after batch, keep each, and join them at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from mvfa_core.checkpoints import CheckpointError, load_model
from mvfa_core.data.sets import DataError, Progress, silent
from mvfa_core.devices import Place, use_device
from mvfa_core.evaluation.findings import Findings, joined
from mvfa_core.evaluation.folder import Evaluation
from mvfa_core.evaluation.look import look
from mvfa_core.evaluation.pictures import Gathered
from mvfa_core.evaluation.request import EvaluationSpec, digest_of
from mvfa_core.evaluation.tables import csv_table, summary
from mvfa_core.files import replace_text
from mvfa_core.inference import settle
from mvfa_core.model import Classifier
from mvfa_core.processes import hand_back_memory
from mvfa_core.training.failures import sentence_for

BATCH = 32
LOOKING = "looking at pictures"


def evaluate(
    request: EvaluationSpec,
    folder: Evaluation,
    *,
    device: str = "auto",
    progress: Progress = silent,
    tell: Callable[[Place], None] = lambda place: None,
) -> Findings | None:
    """Make the folder if need be and fill it; the findings, or None if somebody asked it to stop. Batches that an
    earlier call finished are not looked at again, and a complete evaluation is only read. `tell` hears where the model
    was computed.

    Raises:
        EvaluationError: the folder holds something else, or another process is at it.
        ValueError: the model or the data is gone, or they do not fit. Whatever ends it is noted in the folder too.
    """
    folder.create(request)
    if folder.is_complete():
        return folder.findings()
    folder.claim()
    try:
        findings = _carry_out(request, folder, device, progress, tell)
    except KeyboardInterrupt:
        folder.request_stop()
        folder.release()
        raise
    except Exception as error:
        sentence = sentence_for(error, BATCH) or str(error).partition("\n")[0] or type(error).__name__
        folder.release(failed=sentence)
        raise
    folder.release()
    return findings


def _carry_out(
    request: EvaluationSpec, folder: Evaluation, device: str, progress: Progress, tell_place: Callable[[Place], None]
) -> Findings | None:
    model = settle(_model(request), use_device(device))

    def tell(what: str, done: int, total: int, left_s: float | None = None) -> None:
        folder.note_progress(what, done, total, left_s)
        progress(what, done, total)

    pictures = Gathered(request, model.classes, model.side, tell)
    parts, total = [], len(pictures)
    began, fresh = time.perf_counter(), 0
    for start in range(0, total, BATCH):
        if folder.stop_requested():
            return None
        stop = min(start + BATCH, total)
        part, known = _part(folder, model, pictures, start, stop)
        parts += [part] if part is not None and len(part) else []
        fresh += 0 if known else stop - start
        left = (time.perf_counter() - began) * (total - stop) / fresh if fresh else None
        tell(LOOKING, stop, total, left)
        hand_back_memory()
    tell_place(model.place)
    if not parts:
        raise DataError(f"{request.data_name}: there is no picture to look at")
    findings = replace(joined(parts), note=pictures.note)
    _finish(folder, findings, request)
    return findings


def _model(request: EvaluationSpec) -> Classifier:
    file = Path(request.model)
    if not file.is_file():
        raise CheckpointError(f"{request.name}: the model is gone; its file was {file.name}")
    if digest_of(file) != request.content:
        raise CheckpointError(f"{request.name}: the model was saved again since this was asked for; begin anew")
    return load_model(file)


def _part(
    folder: Evaluation, model: Classifier, pictures: Gathered, start: int, stop: int
) -> tuple[Findings | None, bool]:
    """The findings of a batch, None if it has no picture, and whether they were there already."""
    file, places = folder.parts / f"{start:07}.npz", pictures.places_N[start:stop]
    with suppress(OSError, ValueError, KeyError, TypeError):  # none yet, or a spoilt one
        known = Findings.load(file)
        if np.array_equal(known.place_N, places):
            return known, True
    batch, kept = pictures.batch(start, stop)
    if not len(batch):
        return None, False
    findings = look(model, batch, kept)
    findings.save(file)
    return findings, False


def _finish(folder: Evaluation, findings: Findings, request: EvaluationSpec) -> None:
    """The tables first: with pictures.npz the evaluation is complete."""
    replace_text(folder.path / "pictures.csv", csv_table(findings))
    replace_text(folder.path / "summary.json", json.dumps(summary(findings, request), indent=2))
    findings.save(folder.findings_file)
    for file in folder.parts.glob("*.npz"):
        file.unlink(missing_ok=True)
    folder.parts.rmdir()
