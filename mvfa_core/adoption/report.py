"""What is told of an adopted model: as facts for programs, and in sentences."""

from __future__ import annotations

from typing import Any

from mvfa_core.adoption.anatomy import EXACT, POOLED, TOKENS
from mvfa_core.adoption.pooling import MULTI, SINGLE
from mvfa_core.model import Classifier

TOLD = {
    EXACT: "exact: a mean of the last map, then a linear layer; cells, views and its own answer are one account",
    POOLED: "pooled: something nonlinear follows the mean of the last map; views are exact, cells are approximate",
    TOKENS: "tokens: a class token answers; its head is read at the patches' tokens, which is approximate throughout",
}


def is_adopted(model: Classifier) -> bool:
    """Whether a model was adopted, not trained here."""
    return "adopted" in model.config


def facts(model: Classifier) -> dict[str, Any]:
    """Everything that `adopt` found, as JSON types."""
    spec = model.config["adopted"]
    made = spec["network"]
    return {
        "origin": spec["origin"],
        "architecture": None if made is None else f"{made['library']}:{made['name']}",
        "trained_here": False,
        "kind": spec["anatomy"]["kind"],
        "channels": spec["anatomy"]["channels"],
        "grid": spec["grid"],
        "num_classes": len(model.classes),
        "classes": list(model.classes[:10]),
        "preprocessing": spec["preprocessing"],
        "self_test": spec["self_test"],
        "labels": spec.get("labels", SINGLE),
        "notes": spec["notes"],
        "k": model.config["k"],
        "sizes": model.config["sizes"],
    }


def sentences(model: Classifier) -> list[str]:
    """The same, a line each."""
    told = facts(model)
    test, prepared = told["self_test"], told["preprocessing"]
    rows, columns = told["grid"]
    mean, std = (" ".join(f"{value:.3g}" for value in prepared[name]) for name in ("mean", "std"))
    lines = [
        f"{told['origin']}: {told['architecture'] or 'a module that no library builds, so it cannot be saved'}, "
        f"{told['num_classes']:,} classes ({', '.join(told['classes'][:3])}, ...); not trained here",
        TOLD[told["kind"]],
        f"pictures squashed to {prepared['side']} x {prepared['side']} px, mean {mean}, std {std} "
        f"({prepared['origin']})",
        f"last map {told['channels']} x {rows} x {columns}; K = {told['k']} anchors, region sizes "
        f"{' '.join(map(str, told['sizes']))}",
        _tested(told["kind"], test),
        *told["notes"],
    ]
    if told["labels"] == MULTI:
        lines.append("any number of classes a picture: each has its own sigmoid, and f is its share of their sum")
    if (channels := len(prepared["mean"])) != 3:
        given = "the mean of red, green and blue" if channels == 1 else "red, green, blue, red and so on"
        lines.append(f"the network takes {channels} {'channel' if channels == 1 else 'channels'}: it is given {given}")
    if prepared["crop"] and prepared["crop"] < 1:
        lines.append(
            f"it was evaluated on the middle {prepared['crop']:.0%} of pictures; here the whole picture is squashed, "
            "which may cost some accuracy"
        )
    return lines


def _tested(kind: str, test: dict[str, Any]) -> str:
    agreed = f"the votes name the network's own class for {test['agreement']:.0%} of {test['pictures']} pictures"
    mean = f"the mean of the class maps differs by {test['mean_of_maps']:.1e} of the largest logit"
    if kind == TOKENS:
        return f"self-test: {mean}; {agreed}"
    whole = f"the view of the whole map differs from the network's own logits by {test['whole_view']:.1e}"
    return f"self-test: {whole}; {mean}; {agreed}"
