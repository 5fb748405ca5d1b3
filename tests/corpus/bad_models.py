"""Checkpoints: pickles, lies of the header, lies of the card, weights that do not fit it or are no numbers."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
from typing import Any

import torch
from safetensors.torch import save

from mvfa_core import build_model
from tests.corpus.corpus import Shelf

NAMES = ("leaf", "sea", "stone")


def fill(shelf: Shelf) -> None:
    """All of them."""
    model = build_model("compact", "gap", 3, classes=NAMES)
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    views = build_model("compact", "mfa", 3, classes=NAMES, k=4, sizes=(3,))
    tensors_mfa = {name: tensor.detach().contiguous() for name, tensor in views.state_dict().items()}
    card = {"model": model.config, "classes": list(NAMES), "recipe": {}}
    card_mfa = {"model": views.config, "classes": list(NAMES)}
    shelf.put("nothing wrong", "good.safetensors", save(tensors, {"card": json.dumps(card)}), True)
    shelf.put("nothing wrong, with views", "good.safetensors", save(tensors_mfa, {"card": json.dumps(card_mfa)}), True)
    _pickles(shelf, tensors)
    _headers(shelf, tensors, card)
    _cards(shelf, tensors, card)
    _lies(shelf, tensors_mfa, card_mfa)
    _weights(shelf, tensors, card)
    _places(shelf)


class Harm:
    """What a pickle may do when it is opened; nothing here opens it."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch /tmp/a-pickle-was-opened",)


def _pickles(shelf: Shelf, tensors: dict[str, torch.Tensor]) -> None:
    for protocol in (0, 2, 5):
        shelf.put(f"a pickle of protocol {protocol}", "evil.safetensors", pickle.dumps(Harm(), protocol))
    for legacy in (False, True):
        buffer = io.BytesIO()
        torch.save(tensors, buffer, _use_new_zipfile_serialization=not legacy)
        shelf.put(f"what torch.save writes{', the old way' if legacy else ''}", "model.pt", buffer.getvalue())


def _headers(shelf: Shelf, tensors: dict[str, torch.Tensor], card: dict[str, Any]) -> None:
    good = save(tensors, {"card": json.dumps(card)})
    length = struct.unpack("<Q", good[:8])[0]
    header = json.loads(good[8 : 8 + length])

    def put(what: str, data: bytes) -> None:
        shelf.put(what, "header.safetensors", data)

    def told(header: Any, rest: bytes = b"") -> bytes:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + rest

    put("nothing", b"")
    put("seven bytes", b"\0" * 7)
    put("a header of nothing", bytes(8))
    put("a header of 2^63 bytes", b"\xff" * 7 + b"\x7f" + b"{}")
    put("a header longer than the file", struct.pack("<Q", 10**6) + b"{}")
    put("words for a header", told(b"these are words"))
    put("brackets for a header", told(b"[" * 100_000))
    put("a list for a header", told([1, 2]))
    put("an empty header", told({}))
    claim = {"a": {"dtype": "F32", "shape": [50_000, 50_000], "data_offsets": [0, 10**10]}}
    put("10 GB that are not there", told(claim, bytes(64)))
    sparse = shelf.place("sparse.safetensors")
    text = told({"__metadata__": {"card": json.dumps(card)}, **claim})
    with sparse.open("wb") as file:
        file.write(text)
        file.truncate(len(text) + 10**10)  # it takes no room, and would take all memory
    shelf.note("10 GB of nothing that fit the header", sparse)
    put("numbers below nothing", told({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)))
    put("offsets the wrong way round", told({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, bytes(4)))
    put("numbers of an unknown kind", told({"a": {"dtype": "F3", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)))
    put(
        "a shape that is larger than its bytes",
        told({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 4]}}, bytes(4)),
    )
    names = {f"a{i}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(50_000)}
    put("50,000 tensors of nothing", told({"__metadata__": {"card": json.dumps(card)}, **names}))
    del header["__metadata__"]
    put("no card", told(header, good[8 + length :]))
    for share in (0.001, 0.01, 0.1, 0.5, 0.9, 0.999):
        put(f"the first {share:.1%}", good[: int(len(good) * share)])
    put("a byte too many", good + b"\0")


def _cards(shelf: Shelf, tensors: dict[str, torch.Tensor], card: dict[str, Any]) -> None:
    def put(what: str, text: str) -> None:
        shelf.put(f"a card that is {what}", "card.safetensors", save({"a": torch.zeros(1)}, {"card": text}))

    put("empty", "")
    put("words", "words")
    put("a list", "[]")
    put("null", "null")
    put("nested 100,000 deep", "[" * 100_000 + "]" * 100_000)
    put("9 MiB long", json.dumps({"a": "n" * (9 * 2**20)}))
    put("without a model", json.dumps({"classes": list(NAMES)}))
    put("without classes", json.dumps({"model": card["model"]}))
    put("a model that is a list", json.dumps({**card, "model": [1]}))
    put("a recipe that is a list", json.dumps({**card, "recipe": [1]}))
    put("half a letter", json.dumps({**card, "classes": ["\ud800", "b", "c"]}))


def _lies(shelf: Shelf, tensors: dict[str, torch.Tensor], card: dict[str, Any]) -> None:
    def put(what: str, taken: bool | None = False, **changes: Any) -> None:
        classes = changes.pop("classes", card["classes"])
        told = {"classes": classes, "model": {**card["model"], **changes}}
        shelf.put(f"a card with {what}", "lie.safetensors", save(tensors, {"card": json.dumps(told)}), taken)

    put("a class too few", classes=["a", "b"])
    put("a class too many", classes=["a", "b", "c", "d"])
    put("four classes throughout", classes=["a", "b", "c", "d"], num_classes=4)
    put("one name twice", classes=["a", "a", "b"])
    put("numbers for classes", classes=[1, 2, 3])
    put("empty names", classes=["", "a", "b"])
    put("a word for classes", classes="abc")
    put("a billion classes", num_classes=10**9)
    put("minus three classes", num_classes=-3)
    put("classes of 10,000 letters", True, classes=["n" * 10_000, "n" * 10_000 + "m", "b"])
    put(
        "classes that are markup",
        True,
        classes=["![x](http://evil.invalid/a.png)", "<img src=x onerror=alert(1)>", "$x$"],
    )
    put("classes that hide", True, classes=["\u202eaes", "se\u200ba", "\x1b[31msea\x1b[0m"])
    for k in (0, -1, 10**9, "5", 2.5, True, None, [4]):
        put(f"K = {k!r}", k=k, taken=None if k == 10**9 else False)
    for sizes in ([], [2], [-3], ["3"], [3.5], "3", 3, [3] * 100_000, [True]):
        put(f"sizes {str(sizes)[:20]}", sizes=sizes, taken=None if sizes == [True] else False)
    for name in (
        "",
        "vgg17",
        "vgg16",
        "timm:",
        "timm:nobody",
        "timm:hf-hub:evil/model",
        "timm:local-dir:/etc",
        "../x",
        5,
    ):
        put(f"the backbone {name!r}", backbone=name)
    put("another ending", pooling="gap")
    put("an ending nobody knows", pooling="max")
    put("a head nobody knows", head="evil")
    put("another head", head="prototype")
    put("a head of 100,000 layers", head="mlp", head_options={"hidden": [1] * 100_000})
    put("a head of 10^12 units", head="mlp", head_options={"hidden": [10**12]})
    put("options nobody knows", head_options={"evil": 1})
    put("a seed of 80 bits", seed=2**80)
    put("weights to be fetched", weights="imagenet")
    put("weights of the system", weights="/etc/passwd")
    put("anchors nobody knows", anchors="evil")
    put("an argument nobody knows", evil=1)


def _weights(shelf: Shelf, tensors: dict[str, torch.Tensor], card: dict[str, Any]) -> None:
    first = next(name for name, tensor in tensors.items() if tensor.ndim == 4)
    last = next(name for name in reversed(tensors) if tensors[name].ndim == 2)

    def put(what: str, changed: dict[str, torch.Tensor], taken: bool | None = False) -> None:
        shelf.put(what, "weights.safetensors", save(changed, {"card": json.dumps(card)}), taken)

    put("no tensor at all", {})
    put("a tensor too few", {name: tensor for name, tensor in tensors.items() if name != first})
    put("a tensor too many", {**tensors, "evil": torch.zeros(1)})
    put("a tensor whose name is markup", {**tensors, "![x](http://evil.invalid)\x1b[31m": torch.zeros(1)})
    put("a tensor turned round", {**tensors, last: tensors[last].T.contiguous()})
    put("a tensor of nothing", {**tensors, last: torch.zeros(0)})
    for value in (float("nan"), float("inf"), -float("inf")):
        put(f"a weight of {value}", {**tensors, last: torch.full_like(tensors[last], value)})
    for dtype in (torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn):
        put(f"weights of {dtype}", {**tensors, last: torch.ones_like(tensors[last]).to(dtype)})
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        put(f"weights of {dtype}", {**tensors, last: tensors[last].to(dtype)}, True)
    put("weights that pass every bound", {**tensors, first: torch.full_like(tensors[first], 3e38)}, True)
    shelf.spoil("a model", "spoilt.safetensors", save(tensors, {"card": json.dumps(card)}), cuts=4, flips=4)


def _places(shelf: Shelf) -> None:
    folder = shelf.place("folder.safetensors")
    folder.mkdir()
    shelf.note("a folder", folder)
    loop = shelf.place("loop.safetensors")
    loop.symlink_to(loop)
    shelf.note("a link to itself", loop)
    pipe = shelf.place("pipe.safetensors")
    os.mkfifo(pipe)
    shelf.note("a pipe, which never ends", pipe)
    shelf.note("a name of 10,000 letters", shelf.folder / ("n" * 10_000))
    shelf.note("a path with a zero in it", shelf.folder / "a\0b.safetensors")
