"""The numbers from which the browser answers by itself, made once for a picture and a model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from app.services import explanations, inference_queue
from app.services.cache import cached
from app.services.gallery import Picture
from mvfa_core.web.payload import payload_of


@dataclass(frozen=True)
class Payload:
    """The bytes that `mvfa_core/web/payload.js` reads, and a name that no other bytes have."""

    name: str
    content: bytes


@cached("numbers for browsers", megabytes=32, key=explanations.by_model_and_picture)
def payload(model_id: str, picture: Picture) -> Payload | None:
    """What the browser needs of a picture; None where it could not answer everything: the views of a head that is not
    linear, anchors drawn by lot, numbers that are not finite, and whatever the server cannot explain either."""
    model, features = explanations.model_and_encoding(model_id, picture)
    try:
        numbers = inference_queue.infer(payload_of, model, features)
    except ValueError:
        return None
    if numbers.bias_C is None:
        return None
    content = numbers.to_bytes()
    return Payload(hashlib.blake2b(content, digest_size=12).hexdigest(), content)
