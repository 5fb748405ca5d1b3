"""What holds of pictures on their way into a model and back, and of what is drawn on them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mvfa_core import draw
from mvfa_core.checkpoints import bundled, load_model
from mvfa_core.data.sets import PictureSet
from mvfa_core.images import as_picture, denormalise, normalise, pixel_digest, squash, to_tensor
from mvfa_core.lesson import scale_series
from mvfa_core.training.engine import evaluate, predict
from tests.corpus.drawn import SEEDS, SMALL, few, map_of, rarely, refused, rng, small_model


@few
@given(st.integers(1, 12), st.integers(1, 12), SEEDS)
def test_pixels_there_and_back(height: int, width: int, seed: int) -> None:
    """Normalising and back gives the same pixels; the digest tells every other picture from this one."""
    pixels = rng(seed).integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    image = normalise(torch.from_numpy(pixels))
    assert image.shape == (1, 3, height, width) and (denormalise(image).numpy() == pixels).all()
    picture = as_picture(pixels[0])
    torch.testing.assert_close(to_tensor(picture, (height, width)), image)
    assert (squash(picture, (height, width)) == pixels[0]).all()
    other = pixels[0].copy()
    other[0, 0, 0] ^= 1
    assert pixel_digest(picture) == pixel_digest(as_picture(pixels[0])) != pixel_digest(as_picture(other))
    for wrong in (image.int(), image[0]):
        with refused(False):
            denormalise(wrong)


@few
@given(SMALL, SEEDS, st.integers(1, 40), st.integers(1, 40), st.booleans(), st.floats(0, 1))
def test_drawing(grid: tuple[int, int], seed: int, width: int, height: int, smooth: bool, opacity: float) -> None:
    """Enlarging adds no value beyond the map's, colours are the palette's, and the picture is left alone."""
    map_HW, picture = map_of(seed, grid), rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    before = picture.copy()
    large = draw.enlarge(map_HW, (width, height), smooth=smooth)
    assert large.shape == (height, width) and map_HW.min() - 1e-5 <= large.min() and large.max() <= map_HW.max() + 1e-5
    exact = draw.enlarge(map_HW, (grid[1] * 3, grid[0] * 3), smooth=False)
    assert (exact == np.kron(map_HW, np.ones((3, 3)))).all()
    colours = draw.palette("inferno")
    assert (draw.heat(map_HW, (-3, 3))[map_HW == -3] == colours[0]).all()
    assert {tuple(one) for one in draw.heat(map_HW, (-3, 3)).reshape(-1, 3)} <= {tuple(one) for one in colours}
    over = draw.overlay(picture, map_HW, (-3, 3), opacity=opacity, smooth=smooth)
    assert over.shape == picture.shape and (opacity > 0 or (over == picture).all())
    dots = draw.anchors(picture, np.array([[0, 0], [grid[1] - 1, grid[0] - 1]]), grid)
    boxes = draw.boxes(picture, [(0, 0, width, height)], [draw.size_colour(3, (1, 3))])
    assert dots.shape == boxes.shape == picture.shape and (picture == before).all()
    map_HW[0, 0] = np.nan
    with refused(False):
        draw.heat(map_HW, (-3, 3))


@rarely
@given(st.lists(st.floats(0.14, 0.85), min_size=1, max_size=2, unique=True), st.integers(0, 9))
def test_scale_series(scales: list[float], label: int) -> None:
    """One object at its sizes: it covers more of the picture the larger it is."""
    found = scale_series(
        *(load_model(bundled()[f"compact_{end}"]) for end in ("gap", "mfa")), 5, label, scales=sorted(scales)
    )
    assert len(found.pictures) == len(scales) == len(found.gap_says)
    assert (np.diff(found.whole_S) >= 0).all() and ((found.views_S >= 0) & (found.views_S <= 1)).all()


@rarely
@given(SEEDS, st.sampled_from(["mfa", "gap"]), st.sampled_from(["logit-sum", "majority"]))
def test_predictions(seed: int, pooling: str, rule: str) -> None:
    """The same for any size of batch, and the accuracy is the share of them that is right."""
    images = rng(seed).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    pictures = PictureSet(images, rng(seed).integers(0, 4, 3), tuple("abc"))
    model = small_model(pooling)
    found = predict(model, pictures, ensemble=rule)
    assert (found == predict(model, pictures, batch=1, ensemble=rule)).all()
    accuracy, bands = evaluate(model, pictures)
    assert accuracy == pytest.approx((predict(model, pictures) == pictures.labels).mean()) and bands is None
