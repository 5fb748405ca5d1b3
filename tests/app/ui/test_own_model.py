"""A model of one's own on the page: weights of any classifier become a model, more is asked for where the file does not
say it, and what cannot be one is refused in a sentence. The files are made here, with random weights."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from huggingface_hub import constants
from safetensors.torch import save
from streamlit.testing.v1 import AppTest
from torchvision.models import ResNet18_Weights

from app.base import session
from app.base.wording import wording_own_model as words
from app.services import models, visitor_files
from mvfa_core import adopt, load_model
from mvfa_core.adoption import weight_files
from mvfa_core.checkpoints import save_model

PETS = ["cat", "dog", "owl"]


def saved(weights: Mapping[str, torch.Tensor]) -> bytes:
    file = io.BytesIO()
    torch.save(dict(weights), file)
    return file.getvalue()


@pytest.fixture(scope="module")
def resnet() -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return torchvision.models.resnet18(num_classes=len(PETS)).eval()


def dropped(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader(key=session.OWN_MODEL_FILE).set_value((name, content, "application/octet-stream")).run()
    assert not app.exception
    return app


def own() -> str:
    """The one model that was brought."""
    (name,) = visitor_files.models()
    return visitor_files.OWN_PREFIX + name


def said(app: AppTest) -> str:
    return " ".join(one.value for kind in (app.error, app.info, app.caption) for one in kind).replace("\\", "")


def test_a_resnet_asks_for_its_class_names_and_opens(app: AppTest, resnet: torch.nn.Module) -> None:
    dropped(app.run(), "my pets.pth", saved(resnet.state_dict()))
    assert words.needs_classes(3) in [one.value.replace("\\", "") for one in app.info] and not visitor_files.models()
    app.text_area(key=session.OWN_MODEL_CLASSES).set_value("cat\ndog").run()
    app.button(key=session.OWN_MODEL_OPEN).click().run()
    assert "expected 3 names" in said(app) and app.text_area(key=session.OWN_MODEL_CLASSES).value == "cat\ndog"
    app.text_area(key=session.OWN_MODEL_CLASSES).set_value("\n".join(PETS)).run()
    app.button(key=session.OWN_MODEL_OPEN).click().run()
    assert not app.exception and not app.error
    assert app.selectbox(key=session.MODEL).value == own()
    card = said(app)
    assert (
        "torchvision:resnet18" in card
        and "3 classes" in card
        and "Exact: it averages its last map and ends in a linear layer, so maps, views and answer are one account."
        in card
    )
    assert "Self-test" in card and "224 × 224 px" in card
    model = load_model(models.model_file(own()))
    image_13SS = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        F_BDHW = model.backbone(image_13SS)
        view_C = model.pooling(F_BDHW, k=1, sizes=(15,)).ensemble_BC[0]
        assert torch.allclose(view_C, resnet(image_13SS)[0], atol=1e-4) and list(model.classes) == PETS
    for page in ("views", "maps"):
        assert not app.switch_page(f"../pages/{page}.py").run().exception
        assert app.selectbox(key=session.MODEL).value == own()


def test_a_visitor_who_knows_better_names_another_architecture(app: AppTest, resnet: torch.nn.Module) -> None:
    """timm's resnetblur18 has the tensors of torchvision's resnet18, which the file is taken for."""
    dropped(app.run(), "pets.pth", saved(resnet.state_dict()))
    app.button(key=session.OWN_MODEL_NUMBERED).click().run()
    assert "torchvision:resnet18, though timm:resnet18, timm:resnetblur18" in said(app)
    first = own()
    app.button(key=session.OWN_MODEL_OTHER).click().run()
    assert "Several architectures can have the same tensors. Name the one that these weights are of." in said(app)
    app.selectbox(key=session.OWN_MODEL_ARCHITECTURE).set_value("timm:resnetblur18").run()
    app.button(key=session.OWN_MODEL_OPEN).click().run()
    app.button(key=session.OWN_MODEL_NUMBERED).click().run()
    assert not app.exception and len(visitor_files.models()) == 2
    chosen = str(app.selectbox(key=session.MODEL).value)
    assert chosen != first and models.card(chosen)["model"]["adopted"]["network"]["name"] == "resnetblur18"


def test_numbers_do_where_nobody_knows_the_names(app: AppTest, resnet: torch.nn.Module) -> None:
    dropped(app.run(), "pets.pt", saved({f"module.{key}": one for key, one in resnet.state_dict().items()}))
    app.button(key=session.OWN_MODEL_NUMBERED).click().run()
    assert list(load_model(models.model_file(own())).classes) == ["0", "1", "2"]


@pytest.mark.parametrize("told", ["cat, dog, owl", json.dumps(PETS), json.dumps({"0": "cat", "1": "dog", "2": "owl"})])
def test_a_list_of_classes_in_a_file_or_in_one_line(app: AppTest, resnet: torch.nn.Module, told: str) -> None:
    dropped(app.run(), "pets.pth", saved(resnet.state_dict()))
    app.file_uploader(key=session.OWN_MODEL_CLASSES_FILE).set_value(("c.txt", told.encode(), "text/plain")).run()
    assert app.text_area(key=session.OWN_MODEL_CLASSES).value == told
    app.button(key=session.OWN_MODEL_OPEN).click().run()
    assert not app.exception and list(load_model(models.model_file(own())).classes) == PETS


def test_an_ambiguous_file_asks_for_its_architecture(app: AppTest) -> None:
    """The two networks have the same tensors and another padding."""
    network = timm.create_model("tf_efficientnet_b0", num_classes=3)
    dropped(app.run(), "b0.pth", saved(network.state_dict()))
    field = app.selectbox(key=session.OWN_MODEL_ARCHITECTURE)
    assert "timm:efficientnet_b0" in said(app) and "--architecture" not in said(app)
    assert {"timm:efficientnet_b0", "timm:tf_efficientnet_b0"} <= set(field.options[:8])
    field.set_value("timm:tf_efficientnet_b0").run()
    app.button(key=session.OWN_MODEL_OPEN).click().run()
    assert words.needs_classes(3) in said(app)
    assert app.selectbox(key=session.OWN_MODEL_ARCHITECTURE).value == "timm:tf_efficientnet_b0"
    app.button(key=session.OWN_MODEL_NUMBERED).click().run()
    assert not app.exception and "timm:tf_efficientnet_b0" in said(app)
    assert models.card(own())["model"]["adopted"]["network"]["name"] == "tf_efficientnet_b0"


def test_a_zip_of_a_folder_of_the_hub_opens(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file of weights is read once; the card says how its pictures are prepared."""
    config = {"mean": [0.5] * 3, "std": [0.25] * 3, "input_size": [3, 96, 96], "crop_pct": 0.9}
    told = {"architecture": "resnet10t", "num_classes": 3, "label_names": PETS, "pretrained_cfg": config}
    network, file = timm.create_model("resnet10t", num_classes=3), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("pets/config.json", json.dumps(told))
        archive.writestr("pets/model.safetensors", save(network.state_dict()))
    reads: list[str] = []
    whole = weight_files.read_weights
    monkeypatch.setattr(weight_files, "read_weights", lambda place: reads.append(place.name) or whole(place))
    dropped(app.run(), "pets.zip", file.getvalue())
    assert not app.error and reads == ["model.safetensors"]
    assert list(load_model(models.model_file(own())).classes) == PETS
    card = said(app)
    assert "timm:resnet10t" in card and "96 × 96 px; mean 0.5 0.5 0.5, standard deviation 0.25 0.25 0.25" in card
    assert "evaluated on the middle 90" in card


def test_a_zip_of_something_else_is_refused(app: AppTest) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("holiday.jpg", b"x")
    dropped(app.run(), "holiday.zip", file.getvalue())
    assert "expected the folder of one network" in said(app) and not visitor_files.models()


def test_a_vgg_is_refused_with_the_way_that_works(app: AppTest) -> None:
    with torch.device("meta"):
        shapes = torchvision.models.vgg11(num_classes=3).state_dict()
    # one number that stands for a whole tensor: half a gigabyte need not travel
    weights = {key: torch.full((1,), 0.01).expand(tensor.shape) for key, tensor in shapes.items()}
    dropped(app.run(), "vgg.pth", saved(weights))
    assert "flattened into" in said(app) and "train --weights" in said(app)
    assert not visitor_files.models() and session.OWN_MODEL_OPEN not in [one.key for one in app.button]


def test_what_is_no_classifier_is_refused(app: AppTest, resnet: torch.nn.Module) -> None:
    app.run()
    whole = io.BytesIO()
    torch.save(resnet, whole)
    for name, content, sentence in [
        ("whole.pth", whole.getvalue(), "save its weights alone there: torch.save(model.state_dict(), FILE)"),
        ("a.pth", saved({"x": torch.zeros(3)}), "of no network of torchvision or timm"),
        ("b.pt", b"\x80\x04cos\nsystem\n(S'true'\ntR.", "b.pt"),
        ("c.safetensors", b"no model", "c.safetensors"),
        ("d.pth", b"", "empty"),
    ]:
        dropped(app, name, content)
        assert sentence in said(app) and not visitor_files.models()


def test_a_file_of_this_project_opens_as_before(app: AppTest, resnet: torch.nn.Module, tmp_path: Path) -> None:
    save_model(adopt(resnet, classes=PETS), tmp_path / "pets.safetensors", {"name": "pets"})
    dropped(app.run(), "pets.safetensors", (tmp_path / "pets.safetensors").read_bytes())
    assert app.selectbox(key=session.MODEL).value == own() and list(models.card(own())["classes"]) == PETS


def test_a_shared_server_bounds_what_a_file_becomes(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files may stand for large networks, by their tensors or by the name that is told."""
    monkeypatch.setenv("MVFA_SHARED", "1")
    monkeypatch.setenv("MVFA_VISITOR_MB", "60")
    app.session_state[session.VISITOR] = "a" * 32
    large = {"features.0.weight": torch.zeros(1).expand(64 * 2**20)}
    dropped(app.run(), "large.pth", saved(large))
    assert (
        f"This model takes more than the {60} MB that one visitor may bring here. Run the app on your own machine."
        in said(app)
    )
    dropped(app, "small.pth", saved({"x": torch.zeros(3)}))
    app.selectbox(key=session.OWN_MODEL_ARCHITECTURE).set_value("torchvision:vit_h_14").run()
    app.button(key=session.OWN_MODEL_OPEN).click().run()
    assert (
        f"This model takes more than the {60} MB that one visitor may bring here. Run the app on your own machine."
        in said(app)
    )


def test_names_are_those_that_the_server_lists(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_SHARED", "1")
    app.session_state[session.VISITOR] = "a" * 32
    app.run()
    assert session.OWN_MODEL_NAME not in [one.key for one in (*app.text_input, *app.selectbox)]
    monkeypatch.setenv("MVFA_MODELS", "timm:resnet18.a1_in1k, torchvision:resnet18")
    app.run()
    assert app.selectbox(key=session.OWN_MODEL_NAME).options == ["timm:resnet18.a1_in1k", "torchvision:resnet18"]


@pytest.mark.parametrize("name", ["resnet18", "/etc/passwd", "timm:../x y", "timm:resnet_of_nobody"])
def test_a_name_that_is_none(app: AppTest, name: str) -> None:
    app.run().text_input(key=session.OWN_MODEL_NAME).set_value(name).run()
    assert not app.exception and not visitor_files.models()
    assert (
        "has no network of that name"
        if "nobody" in name
        else "Name a model as timm:NAME, torchvision:NAME or hf-hub:OWNER/NAME, for example timm:resnet50.a1_in1k."
    ) in said(app)
    assert (
        app.text_input(key=session.OWN_MODEL_NAME).value == name
        and "This cannot be shown: {why}. Nothing was changed; choose something else, or load the page again."[:20]
        not in said(app)
    )


def test_a_name_is_had_from_a_cache_or_refused_soon(
    app: AppTest, resnet: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub is a port of this machine at which nobody answers; what was downloaded before still opens."""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    before = time.monotonic()
    app.run().text_input(key=session.OWN_MODEL_NAME).set_value("timm:resnet18.a1_in1k").run()
    assert not app.exception and "could not be downloaded" in said(app) and time.monotonic() - before < 40
    assert not constants.HF_HUB_OFFLINE and not visitor_files.models()
    cached = tmp_path / "torch" / "checkpoints" / Path(ResNet18_Weights.DEFAULT.url).name
    cached.parent.mkdir(parents=True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "torch"))
    torch.save(torchvision.models.resnet18().state_dict(), cached)
    app.text_input(key=session.OWN_MODEL_NAME).set_value("torchvision:resnet18").run()
    assert not app.exception and app.selectbox(key=session.MODEL).value == own()
    assert len(models.card(own())["classes"]) == 1000 and "torchvision:resnet18" in said(app)
