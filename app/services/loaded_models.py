"""Models that were loaded, by their files: shared by all sessions, and loaded in turn.

Apart from `models`, which knows what is on offer, because whoever keeps a visitor's file has to load it first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.services import devices, inference_queue
from app.services.cache import cached
from mvfa_core.checkpoints import load_model


@cached("models", megabytes=512)
def model(file: str, stamp_ns: int) -> Any:
    """The model of a file as it was written then, on this server's device; a file of 20 MB takes several times that in
    memory, one at a time.

    Raises:
        CheckpointError: it holds none.
    """
    return devices.settled(inference_queue.prepare(load_model, Path(file)))
