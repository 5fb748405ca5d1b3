"""Models on disk: what comes back, and what is refused with which reason."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from mvfa_core import build_model, load_model, save_model
from mvfa_core.checkpoints import CheckpointError, bundled, read_card
from mvfa_core.model import Classifier

MODELS = {
    "mfa": {"k": 7, "sizes": (1, 5)},
    "gap": {"pooling": "gap"},
    "mfa mlp": {"k": 3, "head": "mlp", "head_options": {"hidden": [6, 5]}},
    "gap prototype": {"pooling": "gap", "head": "prototype", "head_options": {"gamma": 0.4}},
}
CLASSES = ("oak", "pine", "Rotbuche, grün")


def trained(name: str = "mfa") -> Classifier:
    """A model whose running statistics have moved."""
    model = build_model("compact", num_classes=3, seed=2, classes=CLASSES, **MODELS[name]).train()
    with torch.no_grad():
        model(torch.randn(4, 3, 64, 64))
    return model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "tree.safetensors"
    save_model(trained(), path, {"steps": 12})
    return path


def refused(path: Path, *words: str) -> None:
    """`load_model` and nothing else answers with a sentence that names the file but not the folder it lies in."""
    with pytest.raises(CheckpointError) as caught:
        load_model(path)
    assert isinstance(caught.value, ValueError)
    text = str(caught.value)
    assert path.name in text
    assert str(path.parent) not in text
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"


def rewrite(path: Path, *, card: object = ..., text: str | None = None, **tensors: torch.Tensor | None) -> None:
    """Change the card or single tensors (None removes) of a saved model."""
    with safe_open(path, framework="pt") as opened:
        metadata = opened.metadata()
    kept = load_file(path) | tensors
    if card is not ...:
        text = json.dumps(card)
    if text is not None:
        metadata = {"card": text}
    save_file({name: value for name, value in kept.items() if value is not None}, path, metadata=metadata)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    model, path = trained(name), tmp_path / "deep" / "er" / "model.safetensors"
    save_model(model, path, {"note": "of no importance"})
    loaded = load_model(path)
    before, after = model.state_dict(), loaded.state_dict()
    assert before.keys() == after.keys()
    for key, value in before.items():
        assert torch.equal(value, after[key]), key
        assert value.dtype == after[key].dtype
    assert loaded.classes == CLASSES
    assert loaded.config == json.loads(json.dumps(model.config))
    assert not loaded.training
    assert all(not module.training for module in loaded.modules())
    picture = torch.randn(1, 3, 56, 72)
    with torch.no_grad():
        assert torch.equal(loaded(picture).ensemble_BC, model.eval()(picture).ensemble_BC)


def test_saving_does_not_change_the_model(tmp_path: Path) -> None:
    model = trained()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    save_model(model, tmp_path / "a.safetensors", {}, half=True)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_half_storage_rounds_the_matrices_only(tmp_path: Path) -> None:
    model, path = trained(), tmp_path / "half.safetensors"
    save_model(model, path, {}, half=True)
    stored, loaded = load_file(path), load_model(path).state_dict()
    for name, value in model.state_dict().items():
        matrix = value.is_floating_point() and value.ndim > 1
        assert stored[name].dtype == (torch.float16 if matrix else value.dtype), name
        assert torch.equal(loaded[name], value.half().float() if matrix else value), name
        assert loaded[name].dtype == value.dtype


def test_the_card_travels_inside_the_file(saved: Path) -> None:
    card = read_card(saved)
    assert card["steps"] == 12
    assert card["classes"] == list(CLASSES)
    assert card["model"] == json.loads(json.dumps(trained().config))


def test_a_card_cannot_lie_about_the_model(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_model(trained(), path, {"model": {"backbone": "vgg16"}, "classes": ["x"]})
    assert load_model(path).classes == CLASSES


def test_a_run_folder_is_as_good_as_its_file(tmp_path: Path) -> None:
    save_model(trained(), tmp_path / "run" / "model.safetensors", {"steps": 3})
    assert load_model(tmp_path / "run").classes == CLASSES
    assert load_model(str(tmp_path / "run")).classes == CLASSES
    assert read_card(tmp_path / "run")["steps"] == 3


def test_an_old_file_survives_a_card_that_cannot_be_written(saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(TypeError):
        save_model(trained("gap"), saved, {"when": object()})
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_missing_files_and_empty_runs(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.safetensors", "no such file")
    (tmp_path / "young").mkdir()
    refused(tmp_path / "young", "no model there")
    with pytest.raises(CheckpointError, match="no such file"):
        read_card(tmp_path / "nothing.safetensors")


class Trap:
    """A pickle that writes a file when it is opened."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.safetensors"])
def test_a_pickle_is_refused_with_the_reason_and_never_opened(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    torch.save(trained().state_dict(), path)
    refused(path, "safetensors", "pickle")
    path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    refused(path, "safetensors", "pickle")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("keep", [0, 4, 8, 100, -1, -5000])
def test_a_file_that_is_cut_off(keep: int, saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:keep])
    refused(saved, "safetensors")


def test_another_kind_of_file(tmp_path: Path) -> None:
    for data in (b"\x89PNG\r\n\x1a\n" + b"\0" * 500, b"\xff" * 64, b"a text\n" * 40):
        (tmp_path / "picture.safetensors").write_bytes(data)
        refused(tmp_path / "picture.safetensors", "safetensors")


def test_weights_without_a_card(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file(trained().state_dict(), path)
    refused(path, "no card")
    save_file(trained().state_dict(), path, metadata={"card": "{not json"})
    refused(path, "no card")


GOOD = {"backbone": "compact", "pooling": "mfa", "num_classes": 3, "head": "linear", "seed": 0, "head_options": {},
        "k": 7, "sizes": [1, 5]}  # fmt: skip
WRONG_CARDS = {
    "a list": [],
    "a number": 3,
    "nothing": None,
    "no model": {"classes": list(CLASSES)},
    "no classes": {"model": GOOD},
    "a model that is a word": {"model": "compact", "classes": list(CLASSES)},
    "classes that are a number": {"model": GOOD, "classes": 3},
    "too few classes": {"model": GOOD, "classes": ["oak"]},
    "an unknown backbone": {"model": GOOD | {"backbone": "vgg17"}, "classes": list(CLASSES)},
    "a backbone that is a list": {"model": GOOD | {"backbone": ["compact"]}, "classes": list(CLASSES)},
    "an unknown head": {"model": GOOD | {"head": "svm"}, "classes": list(CLASSES)},
    "an unknown option": {"model": GOOD | {"colour": "red"}, "classes": list(CLASSES)},
    "an option of the head that it does not take": {
        "model": GOOD | {"head_options": {"hidden": [4]}},
        "classes": list(CLASSES),
    },
    "even sizes": {"model": GOOD | {"sizes": [2]}, "classes": list(CLASSES)},
    "a k that is a word": {"model": GOOD | {"k": "many"}, "classes": list(CLASSES)},
    "a seed that is a word": {"model": GOOD | {"seed": "x"}, "classes": list(CLASSES)},
    "a seed that is too large": {"model": GOOD | {"seed": 2**70}, "classes": list(CLASSES)},
    "more numbers than any memory holds": {
        "model": GOOD | {"head": "mlp", "head_options": {"hidden": [10**14]}},
        "classes": list(CLASSES),
    },
}


@pytest.mark.parametrize("card", [pytest.param(card, id=name) for name, card in WRONG_CARDS.items()])
def test_a_card_that_describes_no_model(card: object, saved: Path) -> None:
    rewrite(saved, card=card)
    refused(saved, "card")


def test_a_card_of_another_model(saved: Path) -> None:
    for other in ({"pooling": "gap"}, {"head": "prototype"}, {"backbone": "mobilenet24"}):
        model = GOOD | other
        if model["pooling"] == "gap":
            model = {name: value for name, value in model.items() if name not in ("k", "sizes")}
        rewrite(saved, card={"model": model, "classes": list(CLASSES)})
        refused(saved, "do not fit the card", "first ")


def test_tensors_that_are_missing_unknown_or_of_another_shape(saved: Path) -> None:
    whole = saved.read_bytes()
    for tensors, words in (
        ({"pooling.auxiliary.bias": None}, ("1 missing", "pooling.auxiliary.bias")),
        ({"surplus": torch.zeros(2)}, ("1 unknown", "surplus")),
        ({"pooling.auxiliary.bias": torch.zeros(4)}, ("1 of another shape", "pooling.auxiliary.bias")),
    ):
        saved.write_bytes(whole)
        rewrite(saved, **tensors)
        refused(saved, "do not fit the card", *words)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["pooling.head.fc.weight", "1.running_var"])
def test_weights_that_are_not_finite(name: str, bad: float, saved: Path) -> None:
    full_name = next(key for key in load_file(saved) if key.endswith(name))
    broken = load_file(saved)[full_name]
    broken.view(-1)[0] = bad
    rewrite(saved, **{full_name: broken})
    refused(saved, "1 weights are not finite", full_name)


def test_a_bundled_model_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name will do in place of a path, unless a file or folder bears it."""
    assert read_card("compact_mfa") == read_card(bundled()["compact_mfa"])
    with pytest.raises(CheckpointError, match=r"name a run folder, a \.safetensors file or one of compact_gap, "):
        read_card("compact")
    monkeypatch.chdir(tmp_path)
    save_model(build_model("compact", "gap", 2), tmp_path / "compact_mfa", {"name": "mine"})
    assert read_card("compact_mfa")["name"] == "mine"


def test_the_bundled_models_load() -> None:
    for name, path in bundled().items():
        model = load_model(path)
        assert path.stem == name
        assert len(model.classes) == model.config["num_classes"]
