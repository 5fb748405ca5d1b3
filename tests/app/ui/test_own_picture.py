"""A picture of a phone on the page, where the package that reads its kind is missing."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.base import session


def test_heic_without_its_package_says_what_to_do(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(np.zeros((40, 60, 3), np.uint8))).save(file, quality=90)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pillow_heif"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    field = app.run().file_uploader(key=session.OWN_PICTURE_FILE)
    field.set_value(("phone.heic", file.getvalue(), "image/heic")).run()
    said = " ".join(one.value for one in app.error).replace("\\", "")
    assert (
        not app.exception
        and "HEIC needs one more package: pip install pillow-heif. Or save the picture as JPEG." in said
    )
