"""Caches of what is worked out beyond an explanation: what a cell saw, how firmly an answer stands, figures of maps.

As in `loaders`, everything is keyed by names and digests and bounded.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import jobs, loaders, truths
from app.gallery import Specimen
from app.truths import Known
from mvfa_core.data.annotations import Marked, read_boxes
from mvfa_core.explain import Explanation
from mvfa_core.firmness import Firmness, Path, firmness, prediction_path
from mvfa_core.images import squash
from mvfa_core.measure.faithfulness import faithfulness
from mvfa_core.measure.methods import maps_of
from mvfa_core.measure.road import road
from mvfa_core.receptive import Sight, sight

AGAIN = {"deletion": faithfulness, "road": road}


@st.cache_resource(show_spinner=False, max_entries=16)
def _seen(file: str, stamp_ns: int) -> Sight:
    return jobs.infer(sight, loaders.model(file, stamp_ns))


def seen(model_id: str) -> Sight:
    """What every cell of a model's grid sees of a picture."""
    return _seen(*loaders.version(model_id))


@st.cache_resource(show_spinner=False, max_entries=64)
def _path(version: tuple[str, int], digest: str, sizes: tuple[int, ...], _encoding: Any) -> Path:
    return jobs.infer(prediction_path, loaders.model(*version), _encoding, sizes=sizes)


def answer_path(model_id: str, one: Specimen, sizes: tuple[int, ...]) -> Path:
    """The answer for every K from 1 to H*W."""
    return _path(loaders.version(model_id), one.digest, sizes, loaders.encoding(model_id, one))


@st.cache_data(show_spinner=False, max_entries=128)
def _firm(
    version: tuple[str, int], digest: str, k: int | None, sizes: tuple[int, ...] | None, _found: Explanation
) -> Firmness:
    return jobs.infer(firmness, _found)


def firm(model_id: str, one: Specimen, found: Explanation) -> Firmness:
    """The fewest views that carry or overturn the answer; it does not depend on the class that is explained."""
    return _firm(loaders.version(model_id), one.digest, found.k, found.sizes, found)


@st.cache_resource(show_spinner=False, max_entries=4)
def _boxes(file: str, stamp_ns: int) -> tuple[Marked, ...]:
    return read_boxes(file)


def truth_on_disk(one: Specimen) -> Known | None:
    """The object of a picture of a data set that has a file of boxes. May raise `DataError`."""
    file = truths.boxes_file(one)
    if file is None:
        return None
    return truths.from_boxes(one, _boxes(str(file), file.stat().st_mtime_ns), file.name)


Asked = tuple[str, int, int | None, tuple[int, ...] | None]
"""Digest of the picture, class, K and L_R."""


@st.cache_data(show_spinner=False, max_entries=256)
def _faithful(
    version: tuple[str, int], asked: Asked, method: str, what: str, _picture: Any, _map_HW: Any
) -> dict[str, float]:
    model = loaders.model(*version)
    image = squash(_picture, (model.side, model.side))
    return jobs.infer(AGAIN[what], model, image, {method: _map_HW}, asked[1])[method]


def faithful(model_id: str, one: Specimen, found: Explanation, method: str, what: str) -> dict[str, float]:
    """What the model says of altered pictures, in the order of one map: `what` is "deletion" or "road"."""
    asked = (one.digest, found.target, found.k, found.sizes)
    return _faithful(loaders.version(model_id), asked, method, what, one.picture, maps_of(found)[method])
