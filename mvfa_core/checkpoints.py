"""Models on disk: weights as safetensors, and a card (JSON) that says what they are. The card travels inside the file
too, so one `.safetensors` file is enough to load a model."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mvfa_core.files import whole_file
from mvfa_core.model import Classifier, build_model

BUNDLED = Path(__file__).resolve().parent.parent / "assets" / "models"
WEIGHTS = "model.safetensors"
BEST = "best.safetensors"
"""Beside it in a run folder: the weights of the best validation so far."""


class CheckpointError(ValueError):
    """A file that is no model of ours; the sentence says why and what to do."""


def save_model(model: Classifier, path: Path | str, card: dict, *, half: bool = False) -> None:
    """Write weights and card; a reader sees the file that was there before or the whole new one.

    Args:
        card: anything JSON; the model's own config and classes are added to it.
        half: store floating-point weights as float16.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    full_card = {**card, "model": model.config, "classes": list(model.classes)}
    tensors = {name: _stored(tensor, half) for name, tensor in model.state_dict().items()}
    # through a file of our own: the library's tells a full disk in words only, and leaves the file to its owner alone
    with whole_file(path) as file:
        file.write(save(tensors, metadata={"card": json.dumps(full_card)}))


def _stored(tensor: torch.Tensor, half: bool) -> torch.Tensor:
    tensor = tensor.detach().cpu()
    # running variances may pass float16's range, and the statistics are a few hundred numbers
    weight = tensor.is_floating_point() and tensor.ndim > 1
    return (tensor.half() if half and weight else tensor).contiguous()


def read_card(path: Path | str) -> dict:
    """The card inside a `.safetensors` file or a run folder; `CheckpointError` if there is none."""
    return _open(_weights_file(path))[0]


def load_model(path: Path | str) -> Classifier:
    """A model from a run folder or a `.safetensors` file, on the CPU, in evaluation mode.

    Raises:
        CheckpointError: nothing there, not safetensors, no card, or weights that do not fit the card.
    """
    file = _weights_file(path)
    card, tensors = _open(file)
    model = _built(file, card, "meta")
    wrong = _differences(model.state_dict(), tensors)
    if wrong:
        raise CheckpointError(f"{file.name}: the weights do not fit the card: {wrong}")
    if any(name not in tensors for name, _ in model.named_buffers()):
        model = _built(file, card, "cpu")  # some networks compute tables when built that no file holds
    whole = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    model.load_state_dict(whole, assign=True)
    return model.eval()


def _built(file: Path, card: dict, device: str) -> Classifier:
    """The model that the card describes. On "meta" it takes no memory, whatever sizes the card claims."""
    try:
        with torch.device(device):
            return build_model(**card["model"], classes=card["classes"])
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise CheckpointError(f"{file.name}: its card does not describe a model of this project ({error})") from error


def bundled() -> dict[str, Path]:
    """The models that come with the project, by name."""
    return {path.stem: path for path in sorted(BUNDLED.glob("*.safetensors"))}


def _weights_file(path: Path | str) -> Path:
    path = Path(path)
    file = path / WEIGHTS if path.is_dir() else path
    if not file.is_file():
        is_run = (path / "recipe.json").exists()
        hint = "the run has no saved weights yet" if is_run else "no model there" if path.is_dir() else "no such file"
        raise CheckpointError(f"{path.name}: {hint}; name a run folder or a .safetensors file")
    return file


def _open(file: Path) -> tuple[dict, dict[str, torch.Tensor]]:
    try:
        with safe_open(file, framework="pt") as opened:
            metadata = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no iterator there
    except (SafetensorError, OSError) as error:
        advice = "models are read from safetensors only; a pickle (.pt, .pth) is never opened"
        raise CheckpointError(f"{file.name}: not a safetensors file ({advice})") from error
    try:
        card = json.loads(metadata["card"])
    except (KeyError, json.JSONDecodeError) as error:
        raise CheckpointError(
            f"{file.name}: holds weights but no card of this project; save it with save_model"
        ) from error
    return card, tensors


def _differences(wanted: dict[str, torch.Tensor], got: dict[str, torch.Tensor]) -> str:
    """What keeps `got` from being loaded, in words, or an empty string."""
    missing, extra = sorted(wanted.keys() - got.keys()), sorted(got.keys() - wanted.keys())
    shapes = [name for name in wanted.keys() & got.keys() if wanted[name].shape != got[name].shape]
    broken = [name for name, tensor in got.items() if tensor.is_floating_point() and not torch.isfinite(tensor).all()]
    found = {"missing": missing, "unknown": extra, "of another shape": sorted(shapes), "not finite": broken}
    return "; ".join(f"{len(names)} {what}, first {names[0]}" for what, names in found.items() if names)
