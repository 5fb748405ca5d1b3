"""The declared computations: each is made once for a version of a model, a picture and the values that matter to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.services import cache, explanations, findings, gallery, inference_queue, models, pictures
from app.services.inference_queue import CALLS

GAP, MFA = "compact_gap", "compact_mfa"
SIZES = (3, 5)


@pytest.fixture(autouse=True)
def _empty() -> None:
    cache.clear()


def test_a_backbone_runs_once_for_everything_that_follows() -> None:
    picture = pictures.specimen(gallery.default())
    before = CALLS.copy()
    explanation = explanations.explanation(MFA, picture, None, 9, SIZES)
    explanations.explanation(MFA, picture, explanation.target, 8, SIZES)
    explanations.cell(MFA, picture, (1, 2), SIZES)
    findings.rectangle_answer(MFA, picture, (1, 1, 3, 3))
    findings.answer_path(MFA, picture, SIZES)
    calls = CALLS - before
    assert calls["encode"] == 1 and calls["explain_encoding"] == 2 and calls["cell_story"] == 1


def test_a_key_is_what_matters_to_the_computation() -> None:
    picture = pictures.specimen(gallery.default())
    first = explanations.explanation(MFA, picture, None, 9, SIZES)
    assert explanations.explanation(MFA, replace(picture, id="other name"), None, k=9, sizes=SIZES) is first
    assert explanations.explanation(MFA, picture, None, 8, SIZES) is not first
    other_class = explanations.explanation(MFA, picture, (first.target + 1) % len(first.classes), 9, SIZES)
    assert findings.stability(MFA, picture, first) is findings.stability(MFA, picture, other_class)
    assert findings.faithful(MFA, picture, first, "CAM", "deletion") is not findings.faithful(
        MFA, picture, other_class, "CAM", "deletion"
    )


def test_a_file_that_was_written_again_is_another_version(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, file = pictures.specimen(gallery.default()), tmp_path / "model.safetensors"
    monkeypatch.setattr(models, "model_file", lambda model_id: file)
    file.write_bytes(models._bundled_files()[GAP].read_bytes())
    first = explanations.explanation("runs/x", picture, None, None, None)
    file.write_bytes(models._bundled_files()[MFA].read_bytes())
    assert explanations.explanation("runs/x", picture, None, None, None).pooling == "mfa" != first.pooling
    assert models.card("runs/x")["model"]["pooling"] == "mfa"


def test_who_is_cached_waits_in_the_queue_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = pictures.specimen(gallery.default())
    atlas = explanations.atlas(GAP, picture, (1.0,))
    monkeypatch.setattr(inference_queue, "infer", lambda *args, **options: pytest.fail("it is there"))
    assert explanations.atlas(GAP, picture, (1.0,)) is atlas
