"""Networks in folders as the hub has them, of timm and of transformers, and folders that mean no good."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from mvfa_core import adopt, explain, load_model, save_model
from mvfa_core.adoption.hugging_face import build_from_config
from mvfa_core.checkpoints import CheckpointError
from mvfa_core.weights.files import WeightsError
from tests.mvfa_core.adoption.networks import randomised

SMALL = {"hidden_sizes": [16, 24, 32, 48], "depths": [1, 1, 1, 1]}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "resnet": ("exact", {"embedding_size": 16, **SMALL}),
    "convnext": ("pooled", SMALL),
    "swin": ("exact", {"embed_dim": 12, "depths": [1, 1, 1, 1], "num_heads": [1, 2, 2, 4], "window_size": 2}),
    "vit": ("tokens", {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}),
}


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8))


def test_a_folder_of_timm(tmp_path: Path, picture: Image.Image) -> None:
    network = randomised(timm.create_model("resnet10t", num_classes=3))
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    config = {"mean": [0.5] * 3, "std": [0.25] * 3, "input_size": [3, 96, 96], "crop_pct": 0.9}
    told = {
        "architecture": "resnet10t",
        "num_classes": 3,
        "label_names": ["cat", "dog", "owl"],
        "pretrained_cfg": config,
    }
    (tmp_path / "config.json").write_text(json.dumps(told))
    model = adopt(tmp_path)
    assert model.classes == ("cat", "dog", "owl") and model.side == 96
    assert model.config["adopted"]["preprocessing"]["mean"] == [0.5] * 3
    pixels = torch.from_numpy(np.array(picture.resize((96, 96), Image.Resampling.BILINEAR))).float() / 255
    with torch.no_grad():
        expected = network(((pixels - 0.5) / 0.25).permute(2, 0, 1)[None]).softmax(1)[0]
    assert np.allclose(explain(model, picture).auxiliary_C, expected, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_transformers(kind: str, tmp_path: Path, picture: Image.Image) -> None:
    pytest.importorskip("transformers")
    expected, sizes = KINDS[kind]
    labels = {str(c): name for c, name in enumerate(("cat", "dog", "owl"))}
    config = {"model_type": kind, "id2label": labels, "image_size": 64, "patch_size": 4, "num_channels": 3, **sizes}
    if kind == "vit":
        config["patch_size"] = 8
    network = randomised(build_from_config({"config": config}))
    save_file(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()}, tmp_path / "model.safetensors"
    )
    (tmp_path / "config.json").write_text(json.dumps(config))
    prepared = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": {"height": 64, "width": 64}}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(prepared))
    model = adopt(tmp_path)
    spec = model.config["adopted"]
    assert spec["anatomy"]["kind"] == expected and model.classes == ("cat", "dog", "owl")
    assert spec["preprocessing"]["origin"] == "transformers' configuration" and model.side == 64
    save_model(model, tmp_path / "own.safetensors", {})
    there, here = explain(load_model(tmp_path / "own.safetensors"), picture), explain(model, picture)
    assert np.allclose(there.logits_C, here.logits_C, rtol=1e-4)


def test_code_of_a_folder_is_never_run(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    config = {"model_type": "vit", "auto_map": {"AutoModelForImageClassification": "evil.Evil"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "evil.py").write_text("open('ran', 'w')")
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="no code of its own"):
        adopt(tmp_path)


def test_strange_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"holds no config\.json"):
        adopt(tmp_path)
    config: dict[str, Any] = {"architecture": "resnet10t", "model_args": {"checkpoint_path": "/etc/passwd"}}
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    for wrong, sentence in (
        (config, "those of a network's shape"),
        ({"architecture": "hf-hub:someone/else"}, "timm has no network of that name"),
        ({"architecture": "resnet10t", "num_classes": "many things; import os"}, "a number, a word"),
        ({"nothing": 1}, "an architecture of timm or a model_type"),
        ([1], "a JSON object"),
    ):
        (tmp_path / "config.json").write_text(json.dumps(wrong))
        with pytest.raises(ValueError, match=sentence):
            adopt(tmp_path)


class Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, ("touch ran",)


def test_a_pickle_that_would_run_a_program_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Evil()}, tmp_path / "x.pth", pickle_module=pickle)
    with pytest.raises(WeightsError, match="could run a program"):
        adopt(tmp_path / "x.pth")
    assert not (tmp_path / "ran").exists()


def test_a_card_cannot_make_anybody_build_or_fetch_other_things(tmp_path: Path) -> None:
    model = adopt(randomised(timm.create_model("resnet10t", num_classes=3)), size=64)
    spec = model.config["adopted"]
    wrongs = [
        {"network": {**spec["network"], "name": "hf-hub:someone/else"}},
        {"network": {**spec["network"], "arguments": {"num_classes": 3, "pretrained": True}}},
        {"network": {**spec["network"], "library": "os"}},
        {"anatomy": {**spec["anatomy"], "point": "no.such.module"}},
        {"anatomy": {**spec["anatomy"], "point": "os.system", "nth": 0}},
        {"anatomy": {**spec["anatomy"], "channels": 10**9}},
        {"anatomy": "none"},
        {"grid": [0, 0]},
        {"preprocessing": None},
    ]
    for wrong in wrongs:
        model.config["adopted"] = {**spec, **wrong}
        save_model(model, tmp_path / "x.safetensors", {})
        with pytest.raises(CheckpointError):
            load_model(tmp_path / "x.safetensors")
