"""What holds of files that are written and read again, of the places they may lie in, and of names in an address."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from app.features.figures import figure_sources
from app.features.sharing.sharing import code
from app.features.training import form_fields
from app.features.training.method_form import backbone
from app.features.training.zip_upload import ZipContents
from app.features.training.zip_upload import look as look_at
from app.services import pictures
from app.services.ground_truth import drawn
from mvfa_core.checkpoints import load_model, read_card, save_model, weights_file
from mvfa_core.cli.output import bars
from mvfa_core.data.sets import silent
from mvfa_core.evaluation.folder import evaluations_root, list_evaluations
from mvfa_core.evaluation.pictures import side_of
from mvfa_core.evaluation.request import digest_of, spec_for
from mvfa_core.figures.common import target_of
from mvfa_core.figures.desk import ModelSource, PictureSource
from mvfa_core.figures.request import Options
from mvfa_core.files import (
    expect_inside,
    expect_writable,
    parts_of,
    read_json,
    replace_text,
    roots,
    sentence_of,
    sync_folder,
    whole_file,
)  # fmt: skip
from mvfa_core.names import titles
from mvfa_core.processes import note_of, noted
from mvfa_core.training.measured import devices_here, machine_of, model_of
from mvfa_core.training.parallel import world
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.speed import moved, network_on, optimizer_for
from mvfa_core.training.split import Split
from mvfa_core.training.step_report import parts_of as parts_of_model
from mvfa_core.training.workers import needs_workers
from tests.bench.browser import nearest
from tests.bench.memory import field, numbers
from tests.corpus.drawn import JSON, TEXT, WORDS, expect_sentence, few, fewer, rarely, refused, small_model  # fmt: skip

# --- files ---


@few
@given(WORDS | TEXT, st.booleans())
def test_whole_files(tmp_path: Path, text: str, durable: bool) -> None:
    """The new content or the old one, and no rest of it."""
    file = tmp_path / "a.json"
    replace_text(file, "old", durable=durable)
    sync_folder(tmp_path)
    try:
        replace_text(file, text, durable=durable)
    except UnicodeEncodeError:  # half a letter
        assert file.read_text() == "old"
    else:
        assert file.read_bytes().decode() == text
    with suppress(ZeroDivisionError), whole_file(file) as opened:
        opened.write(b"half")
        raise ZeroDivisionError
    assert file.read_bytes() != b"half" and parts_of(file) == [] == [one for one in tmp_path.iterdir() if one != file]
    with suppress(ValueError):
        json.dumps(read_json(file))


@few
@given(
    st.lists(st.sampled_from(["in", "in/deep", "out", "in/../out", "in/link", "../x"]), max_size=3),
    st.sampled_from(["in", "out", "", "in/deep"]),
)
def test_folders_that_may_be_used(tmp_path: Path, paths: list[str], allowed: str) -> None:
    """Links and dots lead nowhere."""
    for name in ("in/deep", "out"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    if not (tmp_path / "in/link").exists():
        (tmp_path / "in/link").symlink_to(tmp_path / "out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_FOLDERS", str(tmp_path / allowed) if allowed else "")
        assert len(roots() or ()) == bool(allowed)
        for path in paths:
            real = Path(os.path.realpath(tmp_path / path))
            with refused(bool(allowed) and real.is_relative_to(tmp_path / allowed)):
                expect_inside(tmp_path / path)


@few
@given(st.integers(0, 140), WORDS, WORDS)
def test_what_the_system_refuses(number: int, why: str, name: str) -> None:
    expect_sentence("it: " + sentence_of(OSError(number, why or "x", f"/home/me/{name}")))
    assert "/home" not in sentence_of(OSError(number, why, f"/home/me/{name}"))


@few
@given(JSON)
@example({"pid": 1, "created": 10**400})
@example({"pid": -1})
def test_notes_of_processes(tmp_path: Path, note: Any) -> None:
    """Only the process that wrote it is found again."""
    file = tmp_path / "process.json"
    file.write_text(json.dumps(note))
    assert noted(file) is None
    own = psutil.Process()
    file.write_text(json.dumps(note_of(own)))
    assert noted(file) == own
    file.write_text(json.dumps({**note_of(own), "since_boot": "1 x", "created": 1.0}))
    assert noted(file) is None


@few
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=3), st.booleans())
def test_cards(tmp_path: Path, card: dict[str, Any], half: bool) -> None:
    """A model comes back with what its card said, and gives the same answers."""
    model = small_model()
    save_model(model, tmp_path / "m.safetensors", card, half=half)
    told = read_card(weights_file(tmp_path / "m.safetensors"))
    assert told["classes"] == list(model.classes)
    kept = {name: value for name, value in card.items() if name not in ("model", "classes")}
    assert json.dumps({name: told[name] for name in kept}) == json.dumps(kept)
    if len(digest_of(tmp_path / "m.safetensors")) % 2 == 0 and not half:
        F_BDHW = torch.ones(1, model.pooling.channels, 2, 2)
        again = load_model(tmp_path / "m.safetensors")
        torch.testing.assert_close(again.pooling(F_BDHW).ensemble_BC, model.pooling(F_BDHW).ensemble_BC)
    asked = spec_for(tmp_path / "m.safetensors", "synthetic")
    assert asked.name == "m" and asked.content == digest_of(tmp_path / "m.safetensors")


# --- what else is read ---


@few
@given(st.integers(1, 2000), st.binary(max_size=300), st.integers(1, 15))
def test_messages_of_the_app(number: int, content: bytes, other: int) -> None:
    """Fields are found again by their numbers, whatever is in them."""
    assert list(numbers(field(number, content) + field(other, b""))) == [number, other]


@few
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.floats(0, 1))
def test_nearest(values: list[float], share: float) -> None:
    found = nearest(values, share)
    assert found in values and sum(value <= found for value in values) >= share * len(values) - 1e-9


@few
@given(WORDS | st.sampled_from(["scene-15", "photo-chelsea", "synthetic-val-3", "scene-1", "photo-../x", "own"]))
def test_names_of_pictures_in_an_address(name: str) -> None:
    """A picture that is here, or none."""
    here = name in ("scene-15", "photo-chelsea", "synthetic-val-3")
    assert pictures.is_picture(name) == here == figure_sources.is_picture(name)
    if here:
        one = pictures.specimen(name)
        assert one.id == name and (drawn(one) is None) == name.startswith("photo") and pictures.thumbnail(one)


@few
@given(WORDS | st.sampled_from(["http://a.b/?" + "x" * 4000, "https://a.b/é?q=1"]))
def test_codes_of_links(link: str) -> None:
    made = code(link)
    assert made == "" or (made.startswith("data:image/svg+xml") and link.startswith("http"))


@few
@given(WORDS | st.sampled_from(["compact", "vgg16"]), st.sampled_from(["quick", "paper", "photos"]))
def test_fields_of_a_form(name: str, preset: str) -> None:
    sizes, why = backbone(name)
    assert (sizes is None) == bool(why) and (sizes is None or min(sizes) > 0)
    assert form_fields.base(preset).preset == preset and form_fields.key(name).endswith(name)
    shown = titles([name, "a", "b"])
    assert len({shown(one) for one in {name, "a", "b"}}) == len({name, "a", "b"}) and shown("c") == "c"


@few
@given(st.sampled_from(["true", "predicted", "a", "b", "z"]), st.sampled_from([None, "a", "z"]))
def test_classes_of_figures(target: str, truth: str | None) -> None:
    model = ModelSource("m", "m", "d", ("a", "b"), {"model": {}})
    with refused(target != "z"):
        found = target_of(Options(target=target), model, PictureSource("p", "file", Image.new("RGB", (1, 1)), truth))
        wanted = {"predicted": None, "true": truth}.get(target, target)
        assert found == (model.classes.index(wanted) if wanted in model.classes else None)


@rarely
@given(st.sampled_from(["bf16", "fp32", "auto"]), st.integers(2, 9))
def test_networks_on_a_device(precision: str, classes: int) -> None:
    """In any precision the logits are finite; an optimiser's state fits the next one."""
    recipe = Recipe(k=4, precision=precision)
    device = torch.device("cpu")
    assert machine_of(device) and "cpu" in devices_here() and world().size == 1 and not needs_workers(recipe)
    model = model_of(recipe, classes)
    optimizer = optimizer_for(model, recipe, device)
    optimizer.load_state_dict(moved(optimizer.state_dict(), optimizer))
    with torch.no_grad():
        stages = network_on(model, recipe, device).eval()(torch.zeros(1, 3, 32, 32))
    assert stages.ensemble_BC.shape == (1, classes) and torch.isfinite(stages.ensemble_BC).all()
    assert sum(p.numel() for parts in parts_of_model(model).values() for p in parts) <= sum(
        p.numel() for p in model.parameters()
    )


@fewer
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(2, 3), min_size=2, max_size=3))
def test_folders_that_are_handed_in(tmp_path_factory: pytest.TempPathFactory, classes: dict[str, int]) -> None:
    folder = tmp_path_factory.mktemp("folder")
    for name, count in classes.items():
        (folder / name).mkdir()
        for i in range(count):
            Image.new("RGB", (3, 2), (i, 0, 0)).save(folder / name / f"{i}.png")
    seen = look_at(Split(str(folder)))
    assert isinstance(seen, ZipContents)
    assert {one.name: sum(one.counts) for one in seen.classes} == classes
    assert seen.train_n == len(side_of(Split(str(folder)), "train").listing.files) and silent("x", 0, 1) is None
    assert list_evaluations() == [] or evaluations_root().is_dir()
    assert bars(True) is silent


@few
@given(
    st.sampled_from(["file", "folder", "new", "below a file", "below new folders", "a pipe", "too long"]), st.booleans()
)
def test_a_place_that_is_refused_cannot_be_written(tmp_path_factory: Any, kind: str, folder: bool) -> None:
    """And one that is taken can; nothing is made by looking."""
    root = tmp_path_factory.mktemp("places")
    (root / "file").write_text("old")
    (root / "folder").mkdir()
    os.mkfifo(root / "a pipe")
    places = {"below a file": "file/new", "below new folders": "a/b/new", "too long": "n" * 230}
    path, before = root / places.get(kind, kind), sorted(root.rglob("*"))
    taken = {"new", "below new folders"} | ({"folder", "too long"} if folder else {"file"})
    try:
        expect_writable(path, folder=folder)
    except OSError as error:
        assert kind not in taken
        expect_sentence(sentence_of(error))
    else:
        assert kind in taken
        assert sorted(root.rglob("*")) == before
        (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
        with whole_file(path / "x" if folder else path) as opened:
            opened.write(b"new")
