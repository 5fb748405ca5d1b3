"""Weights from elsewhere: local files of the libraries' own networks, and a clear word when there is no network."""

from __future__ import annotations

import argparse
import collections
import pathlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from mvfa_core import build_model, save_model
from mvfa_core.pretrained import WeightsError, timm_features, timm_net
from tests.mvfa_core.families import FAMILIES, MANY

NAME = "resnet10t"
State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def net() -> nn.Module:
    """A small network of three classes, as somebody has trained it."""
    torch.manual_seed(7)
    return timm.create_model(NAME, num_classes=3)


def loads(state: State, file: Path, name: str = NAME) -> None:
    """The backbone's layers are those of the state dict."""
    own = timm_features(name, str(file)).state_dict()
    kept = {key: tensor for key, tensor in state.items() if key in own}
    assert len(kept) == len(own) > 20
    assert all(torch.equal(own[key], tensor) for key, tensor in kept.items())


def under(prefix: str, state: State) -> State:
    return {prefix + key: tensor for key, tensor in state.items()}


class Attributes(dict):
    """As Lightning keeps hyperparameters and others keep configurations."""

    __getattr__ = dict.__getitem__


class Config:
    """A class that only the trainer knows."""

    def __init__(self) -> None:
        self.lr, self.root, self.inner = 0.1, Path("data"), Attributes(a=1)


def optimizer(state: State) -> dict:
    one = nn.Parameter(next(iter(state.values())).clone())
    made = torch.optim.Adam([one], 0.1)
    one.grad = torch.ones_like(one)
    made.step()
    return made.state_dict()


FORMS: dict[str, Callable[[State], Any]] = {
    "plain": lambda s: s,
    "ordered": collections.OrderedDict,
    "DataParallel": lambda s: under("module.", s),
    "compiled": lambda s: under("_orig_mod.", s),
    "compiled, then DataParallel": lambda s: under("module._orig_mod.", s),
    "DataParallel, then compiled": lambda s: under("_orig_mod.module.", s),
    "FSDP": lambda s: {key.replace("layer1.", "layer1._fsdp_wrapped_module."): value for key, value in s.items()},
    "parts compiled": lambda s: {key.replace("layer2.", "layer2._orig_mod."): value for key, value in s.items()},
    "a part in DataParallel": lambda s: {key.replace("layer1.", "layer1.module."): value for key, value in s.items()},
    "encoder": lambda s: under("encoder.backbone.", s) | {"decoder.0.weight": torch.zeros(3, 3)},
    "a trainer of its own": lambda s: {"trainer": {"nets": [{"weights": under("net.", s)}]}},
    "Lightning": lambda s: {"epoch": 3, "state_dict": under("model.", s), "hyper_parameters": {"root": Path("data")},
                            "callbacks": Attributes(a={"b": 1}), "pytorch-lightning_version": "2.0"},
    "Lightning and compiled": lambda s: {"state_dict": under("model._orig_mod.", s) | {"loss.weight": torch.ones(3)}},
    "torchvision": lambda s: {"model": s, "optimizer": optimizer(s), "args": argparse.Namespace(lr=0.1, out=Path("x"))},
    "model_state_dict": lambda s: {"epoch": 2, "model_state_dict": s, "loss": np.float64(0.25), "step": np.int64(3)},
    "net": lambda s: {"net": under("module.", s), "acc": 91.2, "epoch": 3},
    "nested twice": lambda s: {"checkpoint": {"model": {"state_dict": under("backbone.", s)}}},
    "epoch beside": lambda s: {**s, "epoch": 3},
    "paths of another system": lambda s: {"model": s, "path": pathlib.PureWindowsPath("C:/x"), "p": Path("/x")},
    "a class of its own": lambda s: {"model": s, "config": Config(), "cfg": Attributes(lr=0.1)},
    "defaultdict, deque": lambda s: {"model": s, "logs": collections.defaultdict(list, a=[1]),
                                     "last": collections.deque([1, 2], 3), "seen": {1, 2}},
    "a state dict in a dict of its own": lambda s: Attributes(state_dict=Attributes(s)),
    "parameters": lambda s: {k: nn.Parameter(v, v.is_floating_point()) if v.is_floating_point() else v
                             for k, v in s.items()},
    "NumPy arrays": lambda s: {"model": {key: value.numpy() for key, value in s.items()}},
    "student and teacher": lambda s: {"student": {k: v * 2 for k, v in under("module.backbone.", s).items()},
                                      "teacher": under("backbone.", s)},
    "weights and their average": lambda s: {"model": {key: value * 2 for key, value in s.items()}, "model_ema": s},
    "an average of another network": lambda s: {"ema": {"a.weight": torch.ones(2)}, "model": s},
    "swa_utils": lambda s: {"n_averaged": torch.tensor(4)} | under("module.", s),
    "MoCo": lambda s: {"state_dict": under("module.encoder_q.", s) | {"module.queue": torch.zeros(9, 9)}},
    "no head": lambda s: {key: value for key, value in s.items() if not key.startswith("fc.")},
    "no counters": lambda s: {key: value for key, value in s.items() if not key.endswith("num_batches_tracked")},
    "tied": lambda s: {"a": s, "b": s, "fc": s["fc.weight"]},
}  # fmt: skip


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_in_which_trainers_save(form: str, legacy: bool, net: nn.Module, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth.tar"
    torch.save(FORMS[form](net.state_dict()), file, _use_new_zipfile_serialization=not legacy)
    loads(net.state_dict(), file)


@pytest.mark.parametrize("prefix", ["", "module.", "model.backbone."])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_floats_and_any_ending(prefix: str, dtype: torch.dtype, net: nn.Module, tmp_path: Path) -> None:
    state = {key: v.to(dtype) if v.is_floating_point() else v for key, v in net.state_dict().items()}
    save_file(under(prefix, state), tmp_path / "weights.bin")
    torch.save(under(prefix, state), tmp_path / "weights.ckpt")
    rounded = {key: v.to(net.state_dict()[key].dtype) for key, v in state.items()}
    loads(rounded, tmp_path / "weights.bin")
    loads(rounded, tmp_path / "weights.ckpt")


def test_a_windows_path_that_windows_pickled(net: nn.Module, tmp_path: Path) -> None:
    """No Linux can open one; here nothing has to."""
    torch.save({"model": net.state_dict(), "args": argparse.Namespace(out=Path("data"))}, tmp_path / "w.pth",
               _use_new_zipfile_serialization=False)  # fmt: skip
    pickled = (tmp_path / "w.pth").read_bytes()
    assert b"cpathlib\nPosixPath\n" in pickled
    (tmp_path / "w.pth").write_bytes(pickled.replace(b"cpathlib\nPosixPath\n", b"cpathlib\nWindowsPath\n"))
    loads(net.state_dict(), tmp_path / "w.pth")


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_of_timm_takes_its_own_state_dict(name: str, tmp_path: Path) -> None:
    its_own_state_dict(name, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("name", MANY)
def test_many_families_of_timm_take_their_own_state_dict(name: str, tmp_path: Path) -> None:
    its_own_state_dict(name, tmp_path)


def its_own_state_dict(name: str, folder: Path) -> None:
    """The cut network with the file's weights gives the features that the whole network gives."""
    torch.manual_seed(3)
    whole = timm.create_model(name, num_classes=3).eval()
    state = whole.state_dict()
    for key, tensor in state.items():
        if tensor.is_floating_point():  # fresh ones are alike: scales of 1, offsets of 0
            tensor.copy_(torch.rand_like(tensor) * 0.1 + (1 if "running_var" in key else 0.01))
    torch.save({"state_dict": state}, folder / "weights.pth")
    backbone = build_model(f"timm:{name}", num_classes=2, weights=str(folder / "weights.pth")).backbone
    theirs = {tensor.double().sum().item() for tensor in state.values() if tensor.is_floating_point()}
    ours = [tensor for tensor in backbone.state_dict().values() if tensor.is_floating_point()]
    assert len(ours) > 3
    assert all(tensor.double().sum().item() in theirs for tensor in ours)


def test_a_torchvision_state_dict_reaches_the_backbone(tmp_path: Path) -> None:
    torch.manual_seed(7)
    whole = torchvision.models.resnet50(num_classes=5)
    torch.save(whole.state_dict(), tmp_path / "resnet50.pth")
    model = build_model("resnet41", num_classes=3, weights=str(tmp_path / "resnet50.pth"))
    image = torch.randn(1, 3, 64, 64)
    whole.eval(), model.eval()
    with torch.no_grad():
        expected = whole.layer3(whole.layer2(whole.layer1(whole.maxpool(whole.relu(whole.bn1(whole.conv1(image)))))))
        assert torch.equal(model.backbone(image), expected)


@pytest.mark.parametrize(("backbone", "first", "make"), [
    ("vgg16_se", "features.0.weight", torchvision.models.vgg16),
    ("resnext41", "conv1.weight", torchvision.models.resnext50_32x4d),
])  # fmt: skip
def test_what_is_cut_away_need_not_be_in_the_file(
    backbone: str, first: str, make: Callable[..., nn.Module], tmp_path: Path
) -> None:
    """Neither a classifier nor a last stage."""
    with torch.device("meta"):
        whole = make(num_classes=5).state_dict()
    gone = ("classifier.", "fc.", "layer4.")
    state = {key: torch.rand(value.shape) for key, value in whole.items() if not key.startswith(gone)}
    torch.save({"model": under("module.", state)}, tmp_path / "weights.pth")
    model = build_model(backbone, num_classes=3, weights=str(tmp_path / "weights.pth"))
    assert torch.equal(next(model.backbone.parameters()), state[first])


def test_a_timm_state_dict_as_safetensors_with_a_module_prefix(tmp_path: Path) -> None:
    torch.manual_seed(7)
    whole = timm.create_model("mobilenetv1_100")
    save_file({f"module.{key}": value for key, value in whole.state_dict().items()}, tmp_path / "m.safetensors")
    model = build_model("mobilenet24", num_classes=3, weights=str(tmp_path / "m.safetensors"))
    assert torch.equal(model.backbone[0].weight, whole.conv_stem.weight)


@pytest.mark.parametrize("backbone", [f"timm:{NAME}", "mobilenet24"])
def test_a_model_of_our_own_gives_its_backbone(backbone: str, tmp_path: Path) -> None:
    trained = build_model(backbone, "gap", 4, seed=1)
    save_model(trained, tmp_path / "model.safetensors", {})
    again = build_model(backbone, "mfa", 2, seed=2, weights=str(tmp_path / "model.safetensors"))
    for name, tensor in trained.backbone.state_dict().items():
        assert torch.equal(again.backbone.state_dict()[name], tensor)


def test_weights_from_a_file_use_up_no_random_numbers(net: nn.Module, tmp_path: Path) -> None:
    """The head begins as it does without them, so that runs can be compared."""
    torch.save(net.state_dict(), tmp_path / "w.pth")
    fresh = build_model(f"timm:{NAME}", num_classes=3, seed=5)
    filled = build_model(f"timm:{NAME}", num_classes=3, seed=5, weights=str(tmp_path / "w.pth"))
    assert torch.equal(fresh.pooling.head.fc.weight, filled.pooling.head.fc.weight)


# --- what does not fit ---


def refused(file: Path, *words: str, name: str = NAME) -> None:
    with pytest.raises(WeightsError) as caught:
        timm_features(name, str(file))
    for word in words:
        assert word in str(caught.value), f"{word!r} is not in {caught.value}"


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "odd.pth")
    with pytest.raises(
        WeightsError, match=r"odd\.pth: does not fit resnet50: of its \d+ tensors, \d+ are missing, first bn1"
    ):
        build_model("resnet41", weights=str(tmp_path / "odd.pth"))
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(WeightsError, match=r"text\.pth: is text, no weights, and begins with 'not weights'"):
        build_model("vgg16", weights=str(tmp_path / "text.pth"))
    with pytest.raises(WeightsError, match="no such weights file"):
        build_model("vgg16", weights=str(tmp_path / "nothing.pth"))


def test_what_the_file_holds_is_told(net: nn.Module, tmp_path: Path) -> None:
    other = timm.create_model("test_resnet").state_dict()
    torch.save({"epoch": 3, "model": other, "ema": under("module.", other)}, tmp_path / "w.pth")
    refused(tmp_path / "w.pth", "w.pth: does not fit resnet10t: of its 70 tensors, 70 have another shape",
            "below model", "below ema", "model.conv1.0.weight", "Choose the backbone")  # fmt: skip
    state = net.state_dict()
    torch.save({**state, "conv1.0.weight": torch.zeros(24, 1, 3, 3)}, tmp_path / "grey.pth")
    refused(
        tmp_path / "grey.pth", "1 have another shape, first conv1.0.weight: expected (24, 3, 3, 3), got (24, 1, 3, 3)"
    )
    torch.save({key: value.to(torch.int8) for key, value in state.items()}, tmp_path / "int8.pth")
    refused(tmp_path / "int8.pth", "another kind of number", "expected float32, got int8")
    torch.save({**state, "bn1.weight": torch.full_like(state["bn1.weight"], torch.nan)}, tmp_path / "nan.pth")
    refused(tmp_path / "nan.pth", "1 weights are not finite, first bn1.weight")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    refused(tmp_path / "none.pth", "the file holds no tensor")
    torch.save([1, "two", None], tmp_path / "list.pth")
    refused(tmp_path / "list.pth", "the file holds no tensor")


def test_a_whole_pickled_model_is_refused_with_a_way_on(net: nn.Module, tmp_path: Path) -> None:
    for form in (net, {"model": net, "epoch": 3}, nn.DataParallel(net)):
        torch.save(form, tmp_path / "whole.pth")
        refused(tmp_path / "whole.pth", "whole pickled model", "torch.save(model.state_dict(), FILE)")
    torch.save({"model": net, "ema": net.state_dict()}, tmp_path / "both.pth")
    loads(net.state_dict(), tmp_path / "both.pth")


HARM = {
    "a method": lambda file: (Path.touch, (file,)),
    "a builtin": lambda file: (exec, (f"open({str(file)!r}, 'w')",)),
    "an import": lambda file: (__import__("importlib").import_module, ("antigravity",)),
    "NumPy's own": lambda file: (np.save, (str(file), 1)),
}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("how", HARM)
def test_a_pickle_with_code_in_it_is_not_run(how: str, legacy: bool, net: nn.Module, tmp_path: Path) -> None:
    """Whether the weights beside it are taken or not."""
    sprung = tmp_path / "sprung.npy"

    class Trap:
        def __reduce__(self) -> tuple:
            return HARM[how](sprung)

    held = {**net.state_dict(), "weight": Trap()}
    torch.save(held, tmp_path / "trap.pth", _use_new_zipfile_serialization=not legacy)
    if how == "NumPy's own":
        loads(net.state_dict(), tmp_path / "trap.pth")
    else:
        refused(tmp_path / "trap.pth", "could run a program when it is opened; it is not opened")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(held))
    refused(tmp_path / "plain.pth", "a plain pickle", "never opened here")
    assert not sprung.exists()


def test_compact_has_no_pretrained_weights() -> None:
    with pytest.raises(ValueError, match=r"weights: expected none for compact.*'imagenet'"):
        build_model("compact", weights="imagenet")


def test_offline_says_what_to_do() -> None:
    """The tests run with the model hub switched off, which is what a machine without a network looks like."""
    for get in (lambda: timm_net("mobilenetv1_100", "imagenet", lambda net: net),
                lambda: timm_features("resnet10t", "imagenet")):  # fmt: skip
        with pytest.raises(WeightsError, match=r"could not be downloaded.*go online once, or give a local file"):
            get()


def test_an_unknown_timm_name_offers_near_ones() -> None:
    with pytest.raises(ValueError, match=r"timm has no model of that name \(near: .*resnet"):
        build_model("timm:resnet1234")
