"""What the method in the browser is given about one picture: A, f, G and the main head's logits at every cell.

    B images · D channels · C classes · H W grid in cells

`payload.js` beside this file reads them. The bytes are the length of a header (uint32, little-endian), the header as
JSON, and the arrays that it names, each at a multiple of four bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from mvfa_core.adacam import attention_map, covered_cells
from mvfa_core.checks import expect, expect_finite
from mvfa_core.explain import Encoding, expect_room
from mvfa_core.heads import TailHead
from mvfa_core.inference import inspects
from mvfa_core.model import GAP, MFA, Classifier

VERSION = 1
SMALL_BYTES = 2**17
"""Maps up to so many bytes are sent as float32; for larger ones half of it is tried."""
MOST_ERROR = 5e-4
"""Of a logit that is sent in steps: half of the last digit where three decimals are printed. No confidence of a view or
of the mean logit moves by more than half of it, 0.025 %, and 0.1 % are printed."""
STEPS = 2**16 - 1


@dataclass(frozen=True)
class Settings:
    """What the model is set to.

    Attributes:
        k, sizes: K and L_R; 0 and none for GAP. predicted: the answer of Eq. 8 with them.
        anchors: "adacam", "all" or "covering"; different: with the last how many of the K cells differ, else 0.
    """

    k: int
    sizes: tuple[int, ...]
    predicted: int
    anchors: str
    different: int


@dataclass(frozen=True)
class Stored:
    """One array in the bytes: `kind` is "float32", or "steps16" for C lowest values, C steps and uint16 multiples."""

    name: str
    kind: str
    length: int
    offset: int


@dataclass(frozen=True)
class Payload:
    """The numbers behind the feature map. What only a linear head has is None for another one.

    Attributes:
        pooling: "mfa" or "gap". size_px: (width, height) of the picture.
        A_HW, f_C: attention and auxiliary probabilities (Eq. 1-2). G_HWC: class maps, for GAP its head's logits.
        G_bias_C: the bias in G, without which it is CAM. logits_HWC: the main head at every cell, None for GAP, whose G
        they are. bias_C: of the main head.
    """

    pooling: str
    size_px: tuple[int, int]
    settings: Settings
    A_HW: np.ndarray
    f_C: np.ndarray
    G_HWC: np.ndarray
    G_bias_C: np.ndarray | None
    logits_HWC: np.ndarray | None
    bias_C: np.ndarray | None

    def to_bytes(self, *, most_error: float = MOST_ERROR) -> bytes:
        """Header and arrays; A, f and biases as float32, G and logits in steps where they are large and no number is
        further off than `most_error`."""
        stored, parts, offset = [], [], 0
        for name, values in self._arrays().items():
            kind, part = _packed(values, most_error)
            stored.append(asdict(Stored(name, kind, values.size, offset)))
            parts.append(part)
            offset += len(part)
        header = {
            "version": VERSION,
            "pooling": self.pooling,
            "grid": self.A_HW.shape,
            "classes": len(self.f_C),
            "size_px": self.size_px,
            "settings": asdict(self.settings),
            "arrays": stored,
        }
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        return b"".join((struct.pack("<I", len(text)), text, *parts))

    def _arrays(self) -> dict[str, np.ndarray]:
        arrays = {
            "A": self.A_HW,
            "f": self.f_C,
            "G": self.G_HWC,
            "G_bias": self.G_bias_C,
            "logits": self.logits_HWC,
            "bias": self.bias_C,
        }
        return {name: values for name, values in arrays.items() if values is not None}


@inspects
def payload_of(
    model: Classifier, encoding: Encoding, *, k: int | None = None, sizes: Sequence[int] | None = None
) -> Payload:
    """What the browser needs to explain an encoded picture. A and f are those of `explain_encoding`, bit for bit.

    Args:
        k, sizes: K and L_R that it starts from; the model's own if not given, and none for GAP.

    Raises:
        ValueError: random anchors, which nobody can draw a second time, a sigmoid for each class, or numbers that are
            not finite; see also `explain_encoding`.
    """
    pooling = model.pooling
    options: dict = {} if isinstance(pooling, GAP) else {"k": k, "sizes": sizes}
    drawn = isinstance(pooling, MFA) and pooling.anchors == "random"
    expect(not drawn, "model", "one whose anchors follow from the picture", "random anchors")
    alone = getattr(pooling, "labels", "single") == "multi"
    expect(not alone, "model", "one class a picture, for the browser counts with a softmax", "a sigmoid for each class")
    expect_room(model, encoding, **options)
    with torch.no_grad():
        F_BDHW = encoding.F_BDHW.to(next(pooling.parameters()).dtype)
        stages = pooling(F_BDHW, **options)
        weights, maps_BCHW = pooling.head.class_weights(), None
        if isinstance(pooling, GAP):
            G_BCHW = pooling.head.finish(pooling.head.maps(F_BDHW).movedim(1, -1)).movedim(-1, 1)
            A_BHW, f_BC = attention_map(G_BCHW)
            settings = Settings(0, (), _best(stages.ensemble_BC), "adacam", 0)
            G_bias_C = None if weights is None else weights[1]
        else:
            G_BCHW, A_BHW, f_BC = stages.G_BCHW, stages.A_BHW, stages.f_BC
            settings = _settings(pooling, A_BHW, stages.anchors_BK2.shape[1], stages.sizes, _best(stages.ensemble_BC))
            # the head of an adopted classifier that is not linear has no bias to take off: there CAM is G
            no_bias = isinstance(pooling.head, TailHead)
            G_bias_C = G_BCHW.new_zeros(G_BCHW.shape[1]) if no_bias else pooling.auxiliary.bias
            maps_BCHW = None if weights is None else pooling.head.maps(F_BDHW)
    for name, maps in (("G", G_BCHW), ("logits", maps_BCHW)):
        if maps is not None:
            expect_finite(maps, name)
    return Payload(
        pooling="gap" if isinstance(pooling, GAP) else "mfa",
        size_px=encoding.size_px,
        settings=settings,
        A_HW=_numpy(A_BHW[0]),
        f_C=_numpy(f_BC[0]),
        G_HWC=_numpy(G_BCHW[0].movedim(0, -1)),
        G_bias_C=None if G_bias_C is None else _numpy(G_bias_C),
        logits_HWC=None if maps_BCHW is None else _numpy(maps_BCHW[0].movedim(0, -1)),
        bias_C=None if weights is None else _numpy(weights[1]),
    )


def _settings(pooling: MFA, A_BHW: torch.Tensor, k: int, sizes: tuple[int, ...], predicted: int) -> Settings:
    covering = pooling.anchors == "covering"
    rule = pooling.anchors if pooling.anchors in ("all", "covering") else "adacam"  # "label" differs in training alone
    return Settings(k, sizes, predicted, rule, int(covered_cells(A_BHW)) if covering else 0)


def _best(ensemble_BC: torch.Tensor) -> int:
    return int(ensemble_BC[0].argmax())


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())


def _packed(values: np.ndarray, most_error: float) -> tuple[str, bytes]:
    """The kind and the bytes of an array."""
    if values.nbytes > SMALL_BYTES and values.ndim == 3:
        low_C, step_C, steps_HWC = _in_steps(values)
        if np.abs(_unpacked(low_C, step_C, steps_HWC) - values).max() <= most_error:
            part = b"".join(array.tobytes() for array in (low_C, step_C, steps_HWC))
            return "steps16", part + b"\0" * (-len(part) % 4)
    return "float32", values.astype("<f4").tobytes()


def _in_steps(values_HWC: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every class's lowest value, its step, and the values as multiples of it: as many bytes as float16, whose error at
    logits of 8 is 0.004, and here a 131,070th of what a class's logits range over."""
    low_C, high_C = values_HWC.min(axis=(0, 1)), values_HWC.max(axis=(0, 1))
    step_C = ((high_C.astype(np.float64) - low_C) / STEPS).astype("<f4")
    places = (values_HWC - low_C.astype(np.float64)) / np.where(step_C > 0, step_C, 1).astype(np.float64)
    return low_C.astype("<f4"), step_C, np.clip(np.rint(places), 0, STEPS).astype("<u2")


def _unpacked(low_C: np.ndarray, step_C: np.ndarray, steps_HWC: np.ndarray) -> np.ndarray:
    """The float32 numbers that the browser makes of steps."""
    return (low_C.astype(np.float64) + step_C.astype(np.float64) * steps_HWC).astype(np.float32)
