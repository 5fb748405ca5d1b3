"""Zips of a folder of the Hugging Face hub: adopted as the folder is, through the guards of archives."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
import timm
from safetensors.torch import save

from mvfa_core import adopt, explain, load_model
from mvfa_core.__main__ import main
from mvfa_core.data.model_zips import is_model_zip, unpack_model
from mvfa_core.data.sets import DataError
from mvfa_core.weights.files import WeightsError
from tests.mvfa_core.adoption.networks import randomised

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
TOLD = {
    "architecture": "resnet10t", "num_classes": 3, "label_names": ["cat", "dog", "owl"],
    "pretrained_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3, "input_size": [3, 96, 96]},
}  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    network = randomised(timm.create_model("resnet10t", num_classes=3))
    return {"config.json": json.dumps(TOLD).encode(), "model.safetensors": save(network.state_dict())}


def zipped(file: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


@pytest.mark.parametrize("below", ["", "resnet-main/", "models/abc123/"])
def test_a_zip_is_the_folder_in_it(below: str, parts: dict[str, bytes], tmp_path: Path) -> None:
    others = {"README.md": b"hello", "run.py": b"raise SystemExit", "__MACOSX/config.json": b"{}"}
    file = zipped(tmp_path / "pets.zip", {below + name: content for name, content in parts.items()} | others)
    (tmp_path / "out").mkdir()
    assert is_model_zip(file) and not is_model_zip(tmp_path / "pets.pth")
    folder = unpack_model(file, tmp_path / "out")
    assert sorted(one.name for one in (tmp_path / "out").rglob("*") if one.is_file()) == sorted(parts)
    model = adopt(folder)
    assert model.classes == ("cat", "dog", "owl") and model.side == 96


def test_the_command_takes_it(parts: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = zipped(tmp_path / "pets.zip", parts), tmp_path / "pets.safetensors"
    assert main(["adopt", str(file), "--out", str(out)]) == 0
    assert "pets: timm:resnet10t, 3 classes (cat, dog, owl" in capsys.readouterr().out
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in parts.items():
        (folder / name).write_bytes(content)
    assert np.allclose(explain(load_model(out), PICTURE).logits_C, explain(adopt(folder), PICTURE).logits_C, rtol=1e-4)


def test_what_is_no_network_is_a_sentence(parts: dict[str, bytes], tmp_path: Path) -> None:
    config, weights = parts["config.json"], parts["model.safetensors"]
    cases = {
        "none": ({"README.md": b"x"}, "expected the folder of one network, .* got none"),
        "two": ({f"{a}/{name}": one for a in "ab" for name, one in parts.items()}, "got 2"),
        "deep": ({"a/b/c/config.json": config}, "got none"),
        "out": ({"../config.json": config}, "leads out of the folder"),
    }
    for name, (members, sentence) in cases.items():
        (tmp_path / name).mkdir()
        with pytest.raises((WeightsError, DataError), match=sentence):
            unpack_model(zipped(tmp_path / f"{name}.zip", members), tmp_path / name)
    bare = {"without": {"config.json": config}, "spoilt": {"config.json": b"{", "model.safetensors": weights}}
    for name, members in bare.items():
        (tmp_path / name).mkdir()
        with pytest.raises(ValueError, match=r"holds no config.json|config.json"):
            adopt(unpack_model(zipped(tmp_path / f"{name}.zip", members), tmp_path / name))


def test_a_zip_that_means_no_good(parts: dict[str, bytes], tmp_path: Path) -> None:
    for name in ("link", "large", "many", "cut"):
        (tmp_path / name).mkdir()
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        info = zipfile.ZipInfo("config.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="archives with links are refused"):
        unpack_model(tmp_path / "link.zip", tmp_path / "link")
    file = zipped(tmp_path / "large.zip", parts)
    with pytest.raises(DataError):
        unpack_model(file, tmp_path / "large", most_bytes=1000)
    with pytest.raises(DataError, match="more than 200 entries"):
        unpack_model(zipped(tmp_path / "many.zip", {f"{n}.txt": b"" for n in range(201)}), tmp_path / "many")
    (tmp_path / "cut.zip").write_bytes(file.read_bytes()[:5000])
    with pytest.raises(DataError, match="damaged or cut off"):
        unpack_model(tmp_path / "cut.zip", tmp_path / "cut")
