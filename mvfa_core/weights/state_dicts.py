"""The weights of a network among all that a checkpoint holds.

Trainers wrap a state dict in others ("state_dict", "model", "ema") and its names in prefixes ("module.", "_orig_mod.",
"backbone."). Written flat, with dots between the keys, both are the same: a way to the place below which the network's
own names stand. So no list of wrappers is needed: the place is looked for where the most names and shapes agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from mvfa_core.names import visible
from mvfa_core.weights.files import Foreign, PickledArray, WeightsError

MOST_PARTS = 32
"""Last parts of a name, with dots between them, that are looked at."""
MOST_ENTRIES = 5_000_000
_ADDED = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"}
"""What `torch.compile` and others put into the middle of names; `module`, of DataParallel, too, where it is no name."""
_AVERAGED = ("ema", "teacher", "averaged", "avg", "swa")
"""Words of a place that holds averaged weights. Of two that fit they are taken, as timm does: they were validated."""


@dataclass(frozen=True)
class Found:
    """What of a network was found at one place.

    Attributes:
        place: keys and prefixes above the names, with dots between them; empty for none.
        tensors: the file's tensor for each name of the network with the shape that it has there.
        misshapen: the shape in the file for each name that stands there with another one.
    """

    place: str
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    misshapen: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """What a checkpoint holds: tensors by their way through all dicts and lists, and the classes of foreign objects."""

    tensors: dict[str, torch.Tensor]
    foreign: tuple[Foreign, ...]

    def described(self) -> str:
        """In words: how many tensors, below which keys, and the first names."""
        if not self.tensors:
            return "the file holds no tensor"
        keys = Counter(name.partition(".")[0] for name in self.tensors)
        few = len(keys) <= 4 and all("." in name for name in self.tensors)
        below = f" ({', '.join(f'{count} below {visible(key, 40)}' for key, count in keys.items())})" if few else ""
        first = ", ".join(visible(name, 60) for name in list(self.tensors)[:2])
        return f"the file holds {len(self.tensors)} tensors{below}, first {first}"


def contents_of(loaded: Any) -> Contents:
    """All tensors in what `read_weights` gave, each container looked at once.

    Raises:
        WeightsError: more entries than any checkpoint has.
    """
    tensors: dict[str, torch.Tensor] = {}
    foreign: list[Foreign] = []
    seen: set[int] = set()
    todo: list[tuple[str, Any]] = [("", loaded)]
    entries = 0
    while todo:
        name, value = todo.pop()
        entries += 1
        if entries > MOST_ENTRIES:
            raise WeightsError(f"a checkpoint with more than {MOST_ENTRIES:,} entries; save the state dict alone")
        value = value.tensor() if isinstance(value, PickledArray) else value
        if isinstance(value, torch.Tensor):
            tensors.setdefault(name, value.detach())
        elif isinstance(value, Foreign):
            foreign.append(value)
        elif isinstance(value, Mapping | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            inner = [(f"{name}.{key}" if name else str(key), one) for key, one in pairs]
            todo += reversed(inner)  # so that they come in the order of the file
    return Contents(tensors, tuple(foreign))


def whole_model(contents: Contents) -> str | None:
    """The class of a network that was pickled as a whole, if there is one."""
    inside = (one for one in contents.foreign if isinstance(one.state, dict) and "_parameters" in one.state)
    return next((one.name for one in inside), None)


def best_place(contents: Contents, wanted: Mapping[str, torch.Tensor], needed: Iterable[str]) -> Found:
    """The place where the most of what is needed stands with the right shapes.

    Args:
        wanted: the network's own state dict; only names, shapes and kinds of numbers are looked at.
        needed: the names that have to be there.
    """
    places: dict[str, Found] = {}
    added = _ADDED | (set() if any("module" in name.split(".") for name in wanted) else {"module"})
    for name, tensor in contents.tensors.items():
        parts = name.split(".")
        for start in range(max(0, len(parts) - MOST_PARTS), len(parts)):
            if parts[start] in added:
                continue
            own = ".".join(one for one in parts[start:] if one not in added)
            if own in wanted:
                found = places.setdefault(place := ".".join(parts[:start]), Found(place))
                if tensor.shape == wanted[own].shape:
                    found.tensors.setdefault(own, tensor)
                else:
                    found.misshapen.setdefault(own, tuple(tensor.shape))
    needed = set(needed)
    return max(places.values(), key=lambda found: _rank(found, needed), default=Found(""))


def _rank(found: Found, needed: set[str]) -> tuple[int, int, bool]:
    words = found.place.lower().replace("_", ".").split(".")
    return len(needed & found.tensors.keys()), len(found.tensors), any(word in _AVERAGED for word in words)


def complaint(found: Found, wanted: Mapping[str, torch.Tensor], needed: set[str]) -> str:
    """What keeps the tensors of a place from being the network's, in words; empty if nothing does."""
    missing = [name for name in wanted if name in needed and name not in found.tensors and name not in found.misshapen]
    other = [name for name in wanted if name in needed and name in found.misshapen]
    kinds = [name for name in found.tensors if name in needed and not _same_kind(found.tensors[name], wanted[name])]
    told = []
    if missing:
        told.append(f"{len(missing)} are missing, first {missing[0]}")
    if other:
        got, expected = found.misshapen[other[0]], tuple(wanted[other[0]].shape)
        told.append(f"{len(other)} have another shape, first {other[0]}: expected {expected}, got {got}")
    if kinds:
        tensor = found.tensors[kinds[0]]
        sparse = "" if tensor.layout == torch.strided else ", sparse"
        told.append(
            f"{len(kinds)} are another kind of number, first {kinds[0]}: expected {_plain(wanted[kinds[0]].dtype)}, "
            f"got {_plain(tensor.dtype)}{sparse}"
        )
    return "; ".join(told)


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _same_kind(tensor: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Whether the numbers can be copied as they are: floats to floats, whole numbers to whole numbers."""
    plain = (
        tensor.layout == torch.strided and not tensor.is_quantized and not tensor.is_complex() and not tensor.is_meta
    )
    return plain and tensor.is_floating_point() == wanted.is_floating_point()
