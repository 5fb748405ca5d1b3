"""Class names from files of every usual form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mvfa_core.adoption.classes import imagenet_names, names_for, names_in, read_names

FORMS = {
    "a list": ["cat", "dog", "owl"],
    "index to name": {"0": "cat", "2": "owl", "1": "dog"},
    "name to index": {"owl": 2, "cat": 0, "dog": 1},
    "index to id and name": {"0": ["n01", "cat"], "1": ["n02", "dog"], "2": ["n03", "owl"]},
    "labels with numbers": {"LABEL_0": "cat", "LABEL_1": "dog", "LABEL_2": "owl"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_json(form: object, tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text(json.dumps(form))
    assert read_names(tmp_path / "names.json") == ["cat", "dog", "owl"]


def test_text_with_a_mark_of_its_order_of_bytes_and_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes("\ufeffcat\r\n\r\n dog \r\nowl\r\n".encode())
    assert read_names(tmp_path / "names.txt") == ["cat", "dog", "owl"]


@pytest.mark.parametrize(
    "wrong", [{"0": "cat", "2": "dog"}, {"cat": 1, "dog": 1}, [1, 2], {"x": "cat"}, 5, ["cat", ""]]
)
def test_other_things_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="classes"):
        names_in(wrong)


def test_as_many_as_there_are_classes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 4 names, one for each class of the network, got 2"):
        names_for(4, ["cat", "dog"], None)
    assert names_for(2, None, ["cat", "dog"]) == ("cat", "dog")
    assert names_for(3, None, ["cat", "dog"]) == ("0", "1", "2")
    (tmp_path / "x.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="cannot be read as a list of class names"):
        names_for(2, tmp_path / "x.bin", None)


def test_a_thousand_classes_without_names_are_imagenet_s() -> None:
    names = names_for(1000, None, None)
    assert len(set(names)) == 1000 and names[0] == "tench" and names[999] == "toilet tissue"
    assert len(imagenet_names()) == 1000
