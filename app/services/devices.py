"""The device that this server computes on, chosen once (`mvfa_core.devices`), and what may lie in its memory.

Models and the features of pictures stay where they are computed. Their caches, from which the longest unused go first,
are as large as the device allows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from app.base import errors
from app.services import cache as caches
from app.services import inference_queue
from mvfa_core.devices import machine_of, room_on, use_device
from mvfa_core.inference import settle
from mvfa_core.precision import FLOAT32, asked_precision

MODELS, FEATURES = "models", "features"
PARTS = {MODELS: 0.75, FEATURES: 0.25}
"""How the room on a device is divided between the two caches."""


@cache
def chosen() -> Any:
    """The device of this server, a `torch.device`; the two caches are as large from then on as there is room on it.

    Raises:
        ValueError: `MVFA_DEVICE` or `MVFA_DEVICE_MB` asks for what there is not.
    """
    device = use_device()
    if (room := room_on(device)) is not None:
        for name, part in PARTS.items():
            caches.resize(name, int(room * part))
    return device


def settled(model: Any) -> Any:
    """A model that was loaded, where this server computes; it is tried there in this session's turn.

    Raises:
        ValueError: the environment asks for a device or a precision that there is not.
    """
    device = chosen()
    if device.type == "cpu" and asked_precision(device) == FLOAT32:
        return settle(model, device)
    return inference_queue.infer(settle, model, device)


def standing() -> dict[str, str]:
    """The device, its name and the precision that is asked for, or why there is none. The bytes that may lie there are
    those of the two caches (`cache.standing`)."""
    try:
        device = chosen()
        return {"device": str(device), "machine": machine_of(device), "precision": asked_precision(device)}
    except ValueError as error:
        return {"error": errors.message(error)}
