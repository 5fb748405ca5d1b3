"""Files of weights, read without carrying out anything that stands in them.

`torch.load` is always called with `weights_only=True`. Trainers store much beside the weights: arguments, paths, NumPy
numbers, configurations, optimisers. What torch does not know of itself is replaced by a stand-in of ours that takes
whatever it is given and does nothing: no module that a file names is imported and no function of it is called.
NumPy arrays alone are rebuilt, by code of ours, because some trainers store weights as such.
"""

from __future__ import annotations

import pickletools
import threading
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from mvfa_core.files import sentence_of
from mvfa_core.names import visible
from mvfa_core.weights.kinds import OTHER, SAFETENSORS, TORCH, kind_of_file

IMAGENET = "imagenet"
"""In place of a file: the library's own weights, downloaded."""
MOST_PICKLE = 2**28
"""Bytes of the part of a file that says how its objects hang together; the numbers lie elsewhere."""
_HARMFUL = {
    "builtins", "os", "posix", "nt", "sys", "subprocess", "pty", "shutil", "socket", "ctypes", "importlib", "runpy",
    "code", "codeop", "pickle", "_pickle", "marshal", "webbrowser", "pip", "pydoc", "timeit", "bdb", "pdb",
}  # fmt: skip
"""Modules that no file of weights has a use for; a file that names one was written to do harm."""
_HARMLESS = {"set", "frozenset", "slice", "complex", "range", "bytearray", "bytes", "object", "list", "dict", "tuple",
             "int", "float", "bool", "str", "SimpleNamespace", "type", "MappingProxyType"}  # fmt: skip
_LOCK = threading.Lock()
"""`safe_globals` is one list for the whole process."""


class WeightsError(ValueError):
    """Weights that could not be had or do not fit; the sentence says what to do."""


class Foreign:
    """What stands in for an object of a class or the result of a function that only the trainer knows."""

    name = "an object"
    state: Any = None

    def __new__(cls, *_: Any) -> Foreign:
        return super().__new__(cls)

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state


def read_weights(file: Path) -> Any:
    """What the file holds: dicts, lists, tensors, and `Foreign` in place of all that is no weight.

    Raises:
        WeightsError: no such file, of another kind, damaged, or made to do harm; the sentence names it.
    """
    shown = visible(file.name)
    try:
        if file.is_dir():
            raise WeightsError(f"{shown}: is a folder; name a file of weights in it{_offers(file)}")
        if not file.is_file():
            raise WeightsError(f"{shown}: no such weights file; give a .safetensors or .pth file, or {IMAGENET!r}")
        kind = kind_of_file(file)
        if kind.format == OTHER:
            raise WeightsError(f"{shown}: is {kind.what}")
        return load_file(file) if kind.format == SAFETENSORS else _loaded(file, kind.format == TORCH)
    except OSError as error:
        raise WeightsError(f"{shown}: {sentence_of(error)}") from error
    except WeightsError:
        raise
    except SafetensorError as error:
        raise WeightsError(f"{shown}: is a damaged safetensors file; download or save it again") from error
    except Exception as error:  # a damaged pickle fails in as many ways as there are bytes
        why = visible(str(error).partition("\n")[0], 160) or type(error).__name__
        raise WeightsError(f"{shown}: is damaged, or nothing that torch.save writes ({why}); "
                           "download or save it again") from error  # fmt: skip


def _offers(folder: Path) -> str:
    endings = (".safetensors", ".bin", ".pth", ".pt", ".ckpt")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(endings))
    return f" ({', '.join(map(visible, names[:3]))}{', ...' if len(names) > 3 else ''})" if names else ""


def _loaded(file: Path, is_zip: bool) -> Any:
    """What `torch.save` wrote. A container of an unknown class shows itself only when it is filled: then once more."""
    named = _named(file, is_zip)
    containers: dict[str, type] = {}
    while True:
        stand_ins = {name: containers.get(name) or _stand_in(name, place) for place, name in enumerate(named)}
        # torch looks among its own first, so that only what it does not know comes to a stand-in
        allowed: list[Any] = [(stand_in, name) for name, stand_in in stand_ins.items()]
        # what the stand-ins make must be allowed, too, to be given a state
        allowed += [(Foreign, "a stand-in"), (PickledArray, "an array"), (PickledType, "a type")]
        try:
            with _LOCK, torch.serialization.safe_globals(allowed), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the protocol, of old storages: nothing that a reader can change
                return torch.load(file, map_location="cpu", weights_only=True, mmap=is_zip)
        except Exception as error:
            told = str(error)
            found = next((name for place, name in enumerate(named) if f"Foreign{place}_" in told), None)
            if found is None or found in containers:
                raise
            containers[found] = _ListOf if "append" in told or "extend" in told else _DictOf


def _stand_in(name: str, place: int) -> type:
    module, _, last = name.rpartition(".")
    if module in ("numpy.core.multiarray", "numpy._core.multiarray") and last == "_reconstruct":
        return PickledArray
    if name == "numpy.dtype":
        return PickledType
    return type(f"Foreign{place}_", (Foreign,), {"name": name})


class _DictOf:
    """Stands in for a class of dicts; torch fills only those that it knows."""

    def __new__(cls, *given: Any, **_: Any) -> Any:
        return OrderedDict(given[0]) if given and isinstance(given[0], dict) else OrderedDict()


class _ListOf:
    """Stands in for a class of lists."""

    def __new__(cls, *given: Any, **_: Any) -> Any:
        return list(given[0]) if given and isinstance(given[0], list | tuple) else []


class PickledType:
    """A NumPy type as a pickle describes it: its letters, and in its state the order of bytes."""

    def __init__(self, letters: Any = "", *_: Any) -> None:
        self.letters, self.order = letters if isinstance(letters, str) else "", "="

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            self.order = state[1]


_NUMBERS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "b1"}


class PickledArray:
    """A NumPy array as a pickle describes it: in its state the shape, the type and the bytes."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def tensor(self) -> torch.Tensor | None:
        """Its numbers, or None if it holds something else."""
        match self.state:
            case (_, tuple(shape), PickledType(letters=letters, order=order), bool(by_columns), bytes(data)):
                if letters not in _NUMBERS or not all(isinstance(side, int) and side >= 0 for side in shape):
                    return None
                numbers = np.frombuffer(data, dtype=order.replace("|", "=") + letters)
                if numbers.size != int(np.prod(shape, dtype=object)):
                    return None
                array = numbers.reshape(shape, order="F" if by_columns else "C")
                return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))
        return None


# --- what a pickle names ---


def _named(file: Path, is_zip: bool) -> list[str]:
    """The classes and functions that the file names; nothing of them is imported.

    Raises:
        WeightsError: one of them can only be meant to do harm.
    """
    named = sorted(set(_globals_in_zip(file) if is_zip else _globals_in_old(file)))
    for name in named:
        module, _, last = name.rpartition(".")
        if module.partition(".")[0] in _HARMFUL and last not in _HARMLESS:
            raise WeightsError(f"{visible(file.name)}: names {visible(name)}, which could run a program when it is "
                               "opened; it is not opened. Take the weights from elsewhere")  # fmt: skip
    return named


def _globals_in_zip(file: Path) -> Iterator[str]:
    with zipfile.ZipFile(file) as archive:
        info = next(info for info in archive.infolist() if info.filename.endswith("/data.pkl"))
        if info.file_size > MOST_PICKLE:
            raise WeightsError(f"{visible(file.name)}: its list of contents is larger than {MOST_PICKLE >> 20} MiB")
        with archive.open(info) as opened:
            yield from _globals(opened)


def _globals_in_old(file: Path) -> Iterator[str]:
    """Four pickles one after the other: a number, a version, the machine, and the object."""
    with file.open("rb") as opened:
        for _ in range(4):
            yield from _globals(opened)


def _globals(opened: IO[bytes]) -> Iterator[str]:
    for operation, argument, _ in pickletools.genops(opened):
        if operation.name == "GLOBAL" and isinstance(argument, str):
            module, _, name = argument.partition(" ")
            # torch calls what Python 2 has written by its name of today
            module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
            yield f"{module}.{name}"
