"""What is no file of weights for us is named for what it is, with a way on."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mvfa_core import load_model
from mvfa_core.checkpoints import CheckpointError
from mvfa_core.weights.files import WeightsError, read_weights
from mvfa_core.weights.state_dicts import contents_of
from tests.corpus.drawn import expect_sentence


def of_torch(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return buffer.getvalue()


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("pickle"), io.BytesIO(b""))
    return buffer.getvalue()


STATE = {"a.weight": torch.ones(40, 40)}
KINDS: dict[str, tuple[str, bytes, str]] = {
    "empty": ("w.pth", b"", "is empty, 0 bytes; download"),
    "zeros": ("w.pth", bytes(5000), "is made of zeros"),
    "noise": ("w.pth", bytes(range(255, 100, -1)), "nothing that torch.save writes"),
    "text": ("w.pth", b"Too many requests", "is text, no weights, and begins with 'Too many requests'"),
    "a web page": ("w.pth", b"\n<!DOCTYPE html><html>Sign in", "is a web page"),
    "a web page with a mark": ("w.safetensors", b"\xef\xbb\xbf<html>", "is a web page"),
    "an error of a store": ("w.pth", b"<?xml version='1.0'?><Error><Code>AccessDenied", "is a web page"),
    "a pointer of Git LFS": ("w.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n",
                             "pointer of Git LFS"),
    "JSON": ("w.pth", b'{"error": "not found"}', "is JSON text"),
    "an index of shards": ("model.safetensors.index.json", b'{"metadata": {"total_size": 3}, "weight_map": {}}',
                           "several files (shards)"),
    "a cut zip": ("w.pth", of_torch(STATE)[:2000], "cut off or damaged"),
    "a cut old one": ("w.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", "damaged"),
    "a cut safetensors": ("w.safetensors", b"\x40\0\0\0\0\0\0\0{\"a\":", "cut off"),
    "safetensors without its numbers": ("w.safetensors", b"\x3c\0\0\0\0\0\0\0"
                                        + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'.ljust(60),
                                        "damaged safetensors"),
    "HDF5": ("w.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), "is an HDF5 file, as Keras"),
    "Keras": ("w.keras", archive(config_DOT_json=b"{}", model_DOT_weights_DOT_h5=b"x"), "is a Keras model"),
    "TensorFlow Lite": ("w.tflite", b"\x1c\0\0\0TFL3" + bytes(99), "is a TensorFlow Lite model"),
    "TensorFlow": ("saved_model.pb", b"\x12\x34\xff\xfe" + bytes(99), "is a TensorFlow graph"),
    "ONNX": ("w.bin", b"\x08\x08\x12\x07pytorch" + bytes(99), "is an ONNX model"),
    "GGUF": ("w.gguf", b"GGUF\x03\0\0\0" + bytes(99), "is a GGUF file"),
    "a pickle": ("w.pkl", pickle.dumps(STATE["a.weight"].tolist()), "is a plain pickle"),
    "joblib": ("w.joblib", zlib.compress(pickle.dumps({"a": 1})), "as joblib writes pickles"),
    "an array": ("w.npy", b"\x93NUMPY\x01\0" + bytes(99), "is a NumPy array"),
    "arrays": ("w.npz", archive(a_DOT_npy=b"x"), "is a NumPy archive"),
    "gzip": ("w.pth.gz", gzip.compress(of_torch(STATE)), "compressed with gzip; unpack"),
    "tar": ("w.pth.tar", tar(), "is a tar archive; unpack"),
    "an empty zip": ("w.pth", archive(), "is an empty archive"),
    "a zip with weights inside": ("w.zip", archive(best_DOT_pth=b"x", log_DOT_txt=b""),
                                  "a ZIP archive with best.pth and 1 more; unpack"),
    "a TIFF": ("w.ckpt", b"II*\0\x08\0\0\0" + bytes(40), "is a picture"),
    "a picture": ("w.pth", b"\x89PNG\r\n\x1a\n", "is a picture"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_named(kind: str, tmp_path: Path) -> None:
    name, content, words = KINDS[kind]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        read_weights(tmp_path / name)
    told = str(caught.value)
    assert told.startswith(f"{name}: ") and words in told, told
    expect_sentence(told)
    with pytest.raises(CheckpointError, match="not a safetensors file") as caught_too:
        load_model(tmp_path / name)
    expect_sentence(str(caught_too.value))


def scripted(file: Path, net: nn.Module) -> None:
    torch.jit.trace(net, torch.zeros(1, 3, 8, 8)).save(str(file))


def exported(file: Path, net: nn.Module) -> None:
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 8, 8),)), str(file))


def onnx(file: Path, net: nn.Module) -> None:
    torch.onnx.export(net, (torch.zeros(1, 3, 8, 8),), str(file), dynamo=True, verbose=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("save", "words"), [
    (scripted, "a TorchScript program, no state dict; where you trust it, save torch.jit.load(FILE).state_dict()"),
    (exported, "a program of torch.export (.pt2), no state dict; where you trust it, save torch.export.load(FILE)"),
    (onnx, "is an ONNX model; save model.state_dict()"),
])  # fmt: skip
@pytest.mark.parametrize("name", ["w.pt", "w.pt2"])
def test_what_torch_writes_besides(save: Callable, words: str, name: str, tmp_path: Path) -> None:
    save(tmp_path / name, nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU()).eval())
    with pytest.raises(WeightsError) as caught:
        read_weights(tmp_path / name)
    assert words in str(caught.value)
    with pytest.raises(CheckpointError) as caught_too:
        load_model(tmp_path / name)
    assert words.partition(";")[0].removeprefix("is ") in str(caught_too.value)
    assert "pickle" not in str(caught_too.value)


def test_a_folder_offers_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"is a folder; name a file of weights in it$"):
        read_weights(tmp_path)
    save_file(STATE, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match=r"name a file of weights in it \(model\.safetensors\)$"):
        read_weights(tmp_path)


def test_a_file_of_torch_given_as_a_model_is_called_a_pickle(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match=r"it is a pickle, which can run any program.*train --weights"):
        load_model(tmp_path / "w.pth")


def test_arrays_of_every_plain_kind(tmp_path: Path) -> None:
    """As many bytes as their shape says, in either order of bytes and of axes; anything else is no tensor."""
    arrays = {
        "rows": np.arange(6, dtype=">f4").reshape(2, 3),
        "columns": np.asfortranarray(np.arange(6, dtype="<f2").reshape(2, 3)),
        "whole": np.arange(3, dtype=">i8"),
        "words": np.array(["a", "b"]),
        "objects": np.array([{}, []], dtype=object),
    }
    torch.save({"arrays": arrays, "number": np.float32(0.5)}, tmp_path / "w.pth")
    found = contents_of(read_weights(tmp_path / "w.pth")).tensors
    assert set(found) == {"arrays.rows", "arrays.columns", "arrays.whole"}
    for name, tensor in found.items():
        array = arrays[name.removeprefix("arrays.")]
        assert tensor.shape == array.shape and np.array_equal(tensor.numpy(), array)
