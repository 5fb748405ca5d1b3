"""The models that come with the project: a finished run, measured once more as it is shipped."""

from __future__ import annotations

import json
from pathlib import Path

from mvfa_core.checkpoints import load_model, read_card, save_model
from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.data.sets import Progress, silent
from mvfa_core.files import replace_text
from mvfa_core.metrics import accuracy_by_scale
from mvfa_core.training.runs import Run
from mvfa_core.training.split import listed, load_one, split_of, watched
from mvfa_core.training.validation import predict


def bundle(run: Run, out: Path | str, *, progress: Progress = silent) -> dict:
    """Write `<out>/<run>.safetensors` (weights as float16) and the same card as `<run>.json`; returns the card.

    The accuracies on the card are those of the shipped file, not of the run's full-precision weights. It holds the
    run's curve as [step, accuracy] too, and of a set of the catalogue its title, terms and citation.
    """
    file = Path(out) / f"{run.id}.safetensors"
    card = {**read_card(run.path), "name": run.id}
    model = load_model(run.path)
    save_model(model, file, card, half=True)
    recipe = run.recipe()
    split = split_of(recipe)
    side = watched(recipe, listed(split))
    pictures = load_one(split, model.side, side, progress=progress)
    right = predict(load_model(file), pictures) == pictures.labels
    card |= {"accuracy": float(right.mean()), "n": len(right), "side": side, "weights": "float16"}
    card["curve"] = [[step, accuracy] for step, accuracy in run.validations()]
    if (entry := CATALOGUE.get(recipe.data)) is not None:
        card |= {"data_title": entry.title, "data_terms": entry.terms, "data_citation": entry.citation}
    if pictures.scales is not None:
        card["accuracy_by_scale"] = accuracy_by_scale(right, pictures.scales)
    save_model(model, file, card, half=True)
    replace_text(file.with_suffix(".json"), json.dumps(read_card(file), indent=2) + "\n")
    return card
