"""Models on disk: weights as safetensors, and a card (JSON) that says what they are. The card travels inside the file
too, so one `.safetensors` file is enough to load a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mvfa_core.adoption.adopt import rebuilt
from mvfa_core.checks import expect
from mvfa_core.files import parse_json, whole_file
from mvfa_core.inference import classifier_of
from mvfa_core.model import Classifier, build_model
from mvfa_core.names import visible
from mvfa_core.weights.kinds import OTHER, TORCH, TORCH_OLD, kind_of_file

BUNDLED = Path(__file__).resolve().parent.parent / "assets" / "models"
WEIGHTS = "model.safetensors"
BEST = "best.safetensors"
"""Beside it in a run folder: the weights of the best validation so far."""
LONGEST_CARD = 8 * 2**20
MOST_CLASSES = 100_000
_CONFIG = {
    "backbone": str, "pooling": str, "num_classes": int, "head": str, "seed": int, "head_options": dict, "k": int,
    "sizes": list, "anchors": str, "adopted": dict,
}  # fmt: skip
"""What a card may ask `build_model` for. Not `weights`: a card must not make anybody fetch or open a file."""
_FLOATS = {"F16", "BF16", "F32", "F64"}
_WHOLES = {"I8", "U8", "I16", "I32", "I64"}


class CheckpointError(ValueError):
    """A file that is no model of ours; the sentence says why and what to do."""


def save_model(model: Classifier, path: Path | str, card: dict, *, half: bool = False) -> None:
    """Write weights and card; a reader sees the file that was there before or the whole new one.

    Args:
        model: also one wrapped by DataParallel or `torch.compile`.
        card: anything JSON; the model's own config and classes are added to it.
        half: store floating-point weights as float16.
    """
    path, model = Path(path), classifier_of(model)
    _expect_rebuildable(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    full_card = {**card, "model": model.config, "classes": list(model.classes)}
    tensors = {name: _stored(tensor, half) for name, tensor in model.state_dict().items()}
    # through a file of our own: the library's tells a full disk in words only, and leaves the file to its owner alone
    with whole_file(path) as file:
        file.write(save(tensors, metadata={"card": json.dumps(full_card)}))


def _expect_rebuildable(model: Classifier) -> None:
    spec = model.config.get("adopted")
    if spec is not None and spec["network"] is None:
        raise CheckpointError(
            f"{spec['origin']}: a model of a class that no library builds cannot be saved, for nothing could build it "
            "again; adopt it anew from your program each time, or publish its layers through timm"
        )


def _stored(tensor: torch.Tensor, half: bool) -> torch.Tensor:
    tensor = tensor.detach().cpu()
    # running variances may pass float16's range, and the statistics are a few hundred numbers
    weight = tensor.is_floating_point() and tensor.ndim > 1
    return (tensor.half() if half and weight else tensor).contiguous()


def read_card(path: Path | str) -> dict:
    """The card inside a `.safetensors` file or a run folder; `CheckpointError` if there is none."""
    file = weights_file(path)
    with _opened(file) as opened:
        return _card(file, opened)


def load_model(path: Path | str) -> Classifier:
    """A model from a run folder or a `.safetensors` file, on the CPU, in evaluation mode.

    What the card says and what the file holds are compared before any weight is read.

    Raises:
        CheckpointError: nothing there, not safetensors, no card, or weights that do not fit the card.
    """
    file = weights_file(path)
    with torch.inference_mode(False), _opened(file) as opened:
        return _loaded(file, opened)


def _loaded(file: Path, opened: Any) -> Classifier:
    card = _card(file, opened)
    model = _built(file, card, "meta")
    wanted = model.state_dict()
    if wrong := _differences(wanted, opened):
        raise CheckpointError(f"{_shown(file)}: the weights do not fit the card: {wrong}")
    tensors = {name: opened.get_tensor(name) for name in wanted}
    if broken := [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]:
        raise CheckpointError(
            f"{_shown(file)}: {len(broken)} weights are not finite, first {broken[0]}; the training diverged, or the "
            "file is spoilt"
        )
    if any(name not in tensors for name, _ in model.named_buffers()):
        model = _built(file, card, "cpu")  # some networks compute tables when built that no file holds
    model.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in tensors.items()}, assign=True)
    return model.eval()


def _built(file: Path, card: dict, device: str) -> Classifier:
    """The model that the card describes. On "meta" it takes no memory, whatever sizes the card claims."""
    try:
        with torch.device(device):
            config = _config(card)
            return (rebuilt if "adopted" in config else build_model)(**config, classes=card["classes"])
    except _NO_MODEL as error:
        why = visible(str(error), 160)
        raise CheckpointError(f"{_shown(file)}: its card does not describe a model of this project ({why})") from error


_NO_MODEL = (KeyError, TypeError, ValueError, RuntimeError, OverflowError, AttributeError, MemoryError)


def _config(card: dict) -> dict:
    """The card's arguments for `build_model`, none of another kind or size than a model of ours has."""
    config, classes = card["model"], card["classes"]
    for name, value in config.items():
        fits = isinstance(value, _CONFIG.get(name, ())) and not isinstance(value, bool)
        expect(fits, visible(name), f"one of {', '.join(_CONFIG)}, of its kind", f"{value!r:.40}")
    names = isinstance(classes, list) and all(isinstance(name, str) and name for name in classes)
    few = names and len(classes) <= MOST_CLASSES
    expect(few, "classes", f"a list of up to {MOST_CLASSES:,} names", "another thing")
    expect(len(set(classes)) == len(classes), "classes", "names that differ", "the same name twice")
    return config


def bundled() -> dict[str, Path]:
    """The models that come with the project, by name."""
    return {path.stem: path for path in sorted(BUNDLED.glob("*.safetensors"))}


def weights_file(path: Path | str) -> Path:
    """The file of a run folder, of a path, or of a bundled model's name; `CheckpointError` where there is none."""
    path = Path(path)
    try:
        file = path / WEIGHTS if path.is_dir() else path
        if file.is_file():
            return file
        if (ours := bundled().get(str(path))) is not None:
            return ours
        is_run = (path / "recipe.json").exists()
    except (OSError, ValueError) as error:  # a name that no file can have
        why = getattr(error, "strerror", None) or "no name for a file"
        raise CheckpointError(f"{_shown(path)}: cannot be looked up ({why}); name a file or a run folder") from error
    known = ", ".join(bundled())
    hint = "the run has no saved weights yet" if is_run else "no model there" if path.is_dir() else "no such file"
    raise CheckpointError(f"{_shown(path)}: {hint}; name a run folder, a .safetensors file or one of {known}")


def _shown(file: Path) -> str:
    return visible(file.name)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """The file as safetensors reads it; whatever is wrong with it, then or later, is a `CheckpointError`."""
    try:
        with safe_open(file, framework="pt") as opened:
            yield opened
    except (SafetensorError, OSError, MemoryError) as error:
        raise CheckpointError(f"{_shown(file)}: not a safetensors file ({_advice(file, error)})") from error


def _advice(file: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "it may not be read here"
    with suppress(OSError):
        kind = kind_of_file(file)
        if kind.format in (TORCH, TORCH_OLD):
            return (
                "it is a pickle, which can run any program; models are read from safetensors only, save it as such. "
                "Weights of a backbone may be one: train --weights FILE"
            )
        if kind.format == OTHER:
            return f"it is {kind.name}; models are read from safetensors only, save it with save_model"
    return "it is damaged; download or save it again"


def _card(file: Path, opened: Any) -> dict:
    try:
        card = parse_json((opened.metadata() or {})["card"], LONGEST_CARD)
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"{_shown(file)}: holds weights but no card of this project; save it with save_model"
        ) from error
    if not isinstance(card, dict) or not all(isinstance(card.get(part, {}), dict) for part in ("model", "recipe")):
        raise CheckpointError(f"{_shown(file)}: its card does not describe a model of this project (a part is missing)")
    return card


def _differences(wanted: dict[str, torch.Tensor], opened: Any) -> str:
    """What keeps the file's tensors from being loaded, in words, or an empty string. None of them is read."""
    names = set(opened.keys())
    missing, extra = sorted(wanted.keys() - names), sorted(names - wanted.keys())
    both = {name: opened.get_slice(name) for name in sorted(wanted.keys() & names)}
    shapes = [name for name, one in both.items() if list(wanted[name].shape) != one.get_shape()]
    kinds = [
        name
        for name, one in both.items()
        if one.get_dtype() not in (_FLOATS if wanted[name].is_floating_point() else _WHOLES)
    ]
    found = {"missing": missing, "unknown": extra, "of another shape": shapes, "of another kind of number": kinds}
    return "; ".join(f"{len(names)} {what}, first {visible(names[0])}" for what, names in found.items() if names)
