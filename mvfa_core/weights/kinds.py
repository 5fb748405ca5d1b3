"""What a file of weights is, by its first bytes and, where those say nothing, by its name. Nothing in it is run.

Two kinds can be read here: safetensors, and what `torch.save` writes. Every other is named, with a way to go on.
"""

from __future__ import annotations

import struct
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mvfa_core.names import visible
from mvfa_core.pictures import kinds

SAFETENSORS, TORCH, TORCH_OLD, OTHER = "safetensors", "torch", "torch before 1.6", "other"
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""A pickle of the number that `torch.save` began with before version 1.6."""
_LONGEST_HEADER = 100_000_000
"""Bytes that the safetensors format allows for its header."""
_SAVE = "save model.state_dict() of its PyTorch model with torch.save or as safetensors"
_AGAIN = "download the file itself again"
_OF_TORCH = "a pickle, as torch.save writes it"
_OTHER_TRAINER = f"its names are not those of a PyTorch model; {_SAVE}"


@dataclass(frozen=True)
class FileKind:
    """What a file is.

    Attributes:
        format: `SAFETENSORS`, `TORCH`, `TORCH_OLD`, or `OTHER` for what cannot be read here.
        what: of any, what it is, a semicolon, and how to go on, to stand behind "NAME: is".
    """

    format: str
    what: str

    @property
    def name(self) -> str:
        """What it is, alone."""
        return self.what.partition(";")[0]


def kind_of_file(file: Path) -> FileKind:
    """What the file is.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        start = opened.read(512)
    size = file.stat().st_size
    if not start:
        return FileKind(OTHER, f"empty, 0 bytes; {_AGAIN}")
    if start.startswith(LEGACY):
        return FileKind(TORCH_OLD, _OF_TORCH)
    if start[:2] == b"PK":
        return _zip(file)
    if len(start) > 8 and start[8:9] == b"{":
        length = struct.unpack("<Q", start[:8])[0]
        if length <= _LONGEST_HEADER:
            cut = f"a safetensors file that is cut off after {size:,} bytes; {_AGAIN}"
            return FileKind(SAFETENSORS, "a safetensors file") if 8 + length <= size else FileKind(OTHER, cut)
    return FileKind(OTHER, _by_start(start) or _by_name(file) or _unknown(start))


_STARTS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs", "a pointer of Git LFS, a few lines of text in place of the weights; run git lfs "
     "pull where it came from, or download the file itself"),
    (0, b"\x89HDF\r\n\x1a\n", f"an HDF5 file, as Keras and TensorFlow write weights; {_OTHER_TRAINER}"),
    (4, b"TFL3", f"a TensorFlow Lite model; {_OTHER_TRAINER}"),
    (4, b"ftrt", f"a TensorRT engine, built for one GPU; {_SAVE}"),
    (0, b"ptrt", f"a TensorRT engine, built for one GPU; {_SAVE}"),
    (0, b"GGUF", f"a GGUF file of a language model; {_SAVE}"),
    (4, b"ET12", f"an ExecuTorch program; {_SAVE}"),
    (0, b"\x93NUMPY", f"a NumPy array without names; {_SAVE}"),
    (0, b"\x12\x01\x00\x00\x00\x00\x00\x00", f"an MXNet file of weights; {_OTHER_TRAINER}"),
    (0, b"\x1f\x8b", "compressed with gzip; unpack it and name the file of weights in it"),
    (0, b"BZh", "compressed with bzip2; unpack it and name the file of weights in it"),
    (0, b"\xfd7zXZ\x00", "compressed with xz; unpack it and name the file of weights in it"),
    (0, b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it and name the file of weights in it"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it and name the file of weights in it"),
    (0, b"Rar!", "a RAR archive; unpack it and name the file of weights in it"),
    (257, b"ustar", "a tar archive; unpack it and name the file of weights in it. If an early version of torch.save "
     "wrote it, open it where you trust it and save its state dict again"),
    (0, b"%PDF", "a PDF document; name a file of weights"),
    (0, b"\x7fELF", "a program or library; name a file of weights"),
    (0, b"MZ", "a program or library; name a file of weights"),
    (0, b"SQLite format 3", "a database; name a file of weights"),
)  # fmt: skip
_PICKLE = (
    "a plain pickle, as pickle, joblib and scikit-learn write them; it can run any program when it is opened, and is "
    f"never opened here: {_SAVE}"
)
_NAMES = {
    ".onnx": f"an ONNX model; {_SAVE}",
    ".h5": f"a Keras file of weights; {_OTHER_TRAINER}",
    ".tflite": f"a TensorFlow Lite model; {_OTHER_TRAINER}",
    ".pb": f"a TensorFlow graph; {_OTHER_TRAINER}",
    ".msgpack": f"a Flax file of weights; {_OTHER_TRAINER}",
    ".caffemodel": f"a Caffe model; {_OTHER_TRAINER}",
    ".weights": f"a Darknet file of weights; {_OTHER_TRAINER}",
    ".mlmodel": f"a Core ML model; {_OTHER_TRAINER}",
    ".joblib": _PICKLE,
    ".pkl": _PICKLE,
    ".ckpt": f"a file of weights of another library than PyTorch; {_SAVE}",
    ".index": f"a part of a TensorFlow checkpoint; {_OTHER_TRAINER}",
}  # fmt: skip


def _by_start(start: bytes) -> str:
    for offset, sign, what in _STARTS:
        if start[offset : offset + len(sign)] == sign:
            return what
    # what is a picture, `pictures.kinds` knows; all else has another name and another way on for who looks for weights
    if (kind := kinds.kind_of(start)) is not None and kind.is_read:
        return "a picture; name a file of weights"
    if start[:1] == b"\x80" and start[1:2] in b"\x00\x01\x02\x03\x04\x05" and len(start) > 1:
        return _PICKLE
    if start[:2] in (b"x\x01", b"x\x9c", b"x\xda"):
        return f"compressed, as joblib writes pickles; {_PICKLE}"
    # an ONNX file is a protobuf message whose first field is a small version, the second the producer's name
    if start[:1] == b"\x08" and start[2:3] in (b"\x12", b"\x3a", b"\x1a") and 0 < start[1] < 64:
        return _NAMES[".onnx"]
    return _text(start)


def _text(start: bytes) -> str:
    with suppress(UnicodeDecodeError):
        text = start[:256].decode("utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        head = text.lstrip().lower()
        if head.startswith(("<!doctype", "<html", "<head", "<?xml", "<script")):
            return f"a web page, as an error or a log-in page is saved in place of a download; {_AGAIN}"
        if head.startswith("{"):
            sharded = "weight_map" in start.decode(errors="replace") or "total_size" in head
            return _SHARDS if sharded else f"JSON text, no weights; {_AGAIN}"
        if not any(ord(sign) < 9 for sign in text):
            return f"text, no weights, and begins with {visible(text.strip(), 40)!r}; {_AGAIN}"
    return ""


_SHARDS = (
    "an index of weights in several files (shards); join them into one: put the tensors of every shard into one dict, "
    "and save it with torch.save or as safetensors"
)


def _by_name(file: Path) -> str:
    name = file.name.lower()
    if ".data-" in name:
        return _NAMES[".index"]
    return next((what for ending, what in _NAMES.items() if name.endswith(ending)), "")


def _unknown(start: bytes) -> str:
    if not any(start):
        return f"made of zeros, as a download that was broken off leaves it; {_AGAIN}"
    return ("no safetensors file and nothing that torch.save writes, or damaged at its beginning; "
            f"{_AGAIN}, or {_SAVE}")  # fmt: skip


# --- archives ---


def _zip(file: Path) -> FileKind:
    """`torch.save` has written ZIP archives since version 1.6, and so do many others."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError):
        return FileKind(OTHER, f"cut off or damaged, though it begins as what torch.save writes; {_AGAIN}")
    # the names of an archive of torch lie in one folder
    inside = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in names}
    own = any(name == "data.pkl" for name in inside)
    if own and not any(name == "constants.pkl" or name.startswith("code/") for name in inside):
        return FileKind(TORCH, _OF_TORCH)
    return FileKind(OTHER, _archive(names, inside))


def _archive(names: list[str], inside: set[str]) -> str:
    if "constants.pkl" in inside or any(name.startswith("code/") for name in inside):
        return ("a TorchScript program, no state dict; where you trust it, save torch.jit.load(FILE).state_dict() with "
                "torch.save")  # fmt: skip
    pt2 = {"archive_format", "serialized_exported_program.json", "serialized_state_dict.pt", "models/model.json"}
    if pt2 & (inside | set(names)):
        return ("a program of torch.export (.pt2), no state dict; where you trust it, save "
                "torch.export.load(FILE).state_dict with torch.save")  # fmt: skip
    if any(name.startswith(".data/") for name in inside):
        return f"an archive of torch.package, which holds code; {_SAVE}"
    if any(name.endswith("model.weights.h5") for name in names):
        return f"a Keras model; {_OTHER_TRAINER}"
    if names and all(name.endswith(".npy") for name in names):
        return ("a NumPy archive (.npz); where its names are those of the PyTorch model, make its arrays tensors and "
                "save the dict with torch.save")  # fmt: skip
    if not names:
        return f"an empty archive; {_AGAIN}"
    held = [name for name in names if not name.endswith("/")]
    what = visible(held[0]) + (f" and {len(held) - 1} more" if len(held) > 1 else "") if held else "folders alone"
    return f"a ZIP archive with {what}; unpack it and name the file of weights in it"
