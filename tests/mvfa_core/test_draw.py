"""Drawings: colours are values, cells are where they should be, and nobody's picture is painted over."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
import torch

from mvfa_core import draw
from mvfa_core.regions import cells_to_pixels

GREY = np.full((60, 90, 3), 128, dtype=np.uint8)


def changed(drawn: np.ndarray, picture: np.ndarray = GREY) -> np.ndarray:
    """Where a drawing differs from the picture below, bool (height, width)."""
    return (drawn != picture).any(axis=2)


def luminance(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(float) @ (0.2126, 0.7152, 0.0722)


@pytest.mark.parametrize("name", ["inferno", "cividis"])
def test_palettes_of_one_sign_grow_lighter(name: str) -> None:
    colours = draw.palette(name)
    assert (colours.shape, colours.dtype) == ((256, 3), np.uint8)
    wanted = np.array(matplotlib.colormaps[name].colors) * 255
    assert np.abs(colours - wanted).max() <= 0.5 + 1e-6
    assert (np.diff(luminance(colours)) > -1).all()
    assert luminance(colours[-1]) - luminance(colours[0]) > 150


def test_the_palette_of_two_signs_is_light_in_the_middle() -> None:
    colours = draw.palette("diverging").astype(int)
    light = luminance(colours)
    assert abs(int(light.argmax()) - 127) < 6
    assert (np.diff(light[:120]) > -1).all()
    assert (np.diff(light[136:]) < 1).all()
    assert colours[0][2] > colours[0][0] + 50, "cold below"
    assert colours[-1][0] > colours[-1][2] + 50, "warm above"


def test_unknown_palettes_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"inferno, cividis, diverging, got 'jet'"):
        draw.palette("jet")


def test_heat_maps_values_onto_the_palette() -> None:
    colours = draw.palette("cividis")
    values = np.array([[-2.0, 0.0, 1.0], [2.5, 4.0, 99.0]], dtype=np.float32)
    drawn = draw.heat(values, (0.0, 4.0), "cividis")
    wanted = [[0, 0, 64], [159, 255, 255]]
    np.testing.assert_array_equal(drawn, colours[wanted])
    assert draw.heat(values, (0.0, 4.0)).tolist() == draw.heat(values, (0.0, 4.0), "inferno").tolist()


def test_heat_without_a_range_is_the_lowest_colour() -> None:
    drawn = draw.heat(np.full((2, 3), 7.0), (7.0, 7.0))
    np.testing.assert_array_equal(drawn, np.broadcast_to(draw.palette("inferno")[0], (2, 3, 3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_heat_has_no_colour_for_what_is_not_finite(bad: float) -> None:
    values = np.zeros((3, 4))
    values[1, 2] = bad
    with pytest.raises(ValueError, match="finite numbers, got 1 NaN or infinite of 12"):
        draw.heat(values, (0, 1))
    with pytest.raises(ValueError, match="finite"):
        draw.overlay(GREY, values, (0, 1))


def test_cells_keep_their_pixels() -> None:
    """Without smoothing, cell (x, y) covers [x*s, (x+1)*s), across and down, also where H != W."""
    values = np.arange(12, dtype=np.float64).reshape(3, 4)
    large = draw.enlarge(values, (4 * 10, 3 * 7), smooth=False)
    assert (large.shape, large.dtype) == ((21, 40), np.float32)
    for y in range(3):
        for x in range(4):
            assert (large[7 * y : 7 * (y + 1), 10 * x : 10 * (x + 1)] == values[y, x]).all()


def test_smooth_enlargement_has_half_pixel_centres() -> None:
    """By hand: pixel j lies at (j + 0.5) / s - 0.5 between the centres of the cells, and the border is held."""
    values = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    scale_x, scale_y = 8, 6
    large = draw.enlarge(values, (5 * scale_x, 3 * scale_y))
    across = np.clip((np.arange(5 * scale_x) + 0.5) / scale_x - 0.5, 0, 4)
    down = np.clip((np.arange(3 * scale_y) + 0.5) / scale_y - 0.5, 0, 2)
    rows = np.stack([np.interp(across, range(5), row) for row in values])
    wanted = np.stack([np.interp(down, range(3), column) for column in rows.T], axis=1)
    np.testing.assert_allclose(large, wanted, atol=1e-4)
    np.testing.assert_allclose(draw.enlarge(np.full((3, 5), 2.5), (31, 17)), 2.5)


def test_enlarge_wants_a_map() -> None:
    with pytest.raises(ValueError, match="map_HW"):
        draw.enlarge(np.zeros((1, 3, 5)), (10, 10))


def test_overlay_mixes_picture_and_heat() -> None:
    values = np.linspace(0, 1, 15).reshape(3, 5)
    heat = draw.heat(draw.enlarge(values, (90, 60)), (0, 1))
    assert np.array_equal(draw.overlay(GREY, values, (0, 1), opacity=0), GREY)
    assert np.array_equal(draw.overlay(GREY, values, (0, 1), opacity=1), heat)
    mixed = draw.overlay(GREY, values, (0, 1), opacity=0.25)
    assert (mixed.shape, mixed.dtype) == (GREY.shape, np.uint8)
    assert np.abs(mixed - (0.25 * heat + 0.75 * GREY)).max() <= 0.51


GRID = (3, 5)  # of 90 x 60 px: cells of 18 x 20 px


def test_anchors_lie_at_the_centres_of_their_cells() -> None:
    cells = np.array([[4, 0], [0, 2], [2, 1]])
    drawn = draw.anchors(GREY, cells, GRID)
    for x, y in cells:
        assert tuple(drawn[int((y + 0.5) * 20), int((x + 0.5) * 18)]) == draw.ANCHOR_RGB
    touched = {(int(column // 18), int(row // 20)) for row, column in np.argwhere(changed(drawn))}
    assert touched == {tuple(cell) for cell in cells.tolist()}


def test_the_first_anchor_is_the_largest() -> None:
    areas = []
    for place in (0, 9):
        cells = np.array([[0, 0]] * 10)
        cells[place] = (3, 1)
        areas.append(int(changed(draw.anchors(GREY, cells, GRID))[20:40, 54:72].sum()))
    assert areas[0] > areas[1] > 0


@pytest.mark.parametrize("cells", [(1, 0, 3, 1), (0, 0, 4, 2), (2, 2, 2, 2)])
def test_boxes_lie_where_the_cells_do(cells: tuple[int, int, int, int]) -> None:
    box = cells_to_pixels(torch.tensor(cells), GRID, (60, 90))
    drawn = draw.boxes(GREY, [box.tolist()], [(8, 81, 156)])
    x0, y0, x1, y1 = (int(v) for v in box)
    assert (x0, y0, x1, y1) == (cells[0] * 18, cells[1] * 20, (cells[2] + 1) * 18, (cells[3] + 1) * 20)
    for row, column in ((y0, x0), (y1 - 1, x0), (y0, x1 - 1), (y1 - 1, x1 - 1)):
        assert tuple(drawn[row, column]) == (8, 81, 156)
    inside = changed(drawn)[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3]
    assert not inside.any(), "only an outline"
    outside = changed(drawn)
    outside[max(y0 - 3, 0) : y1 + 3, max(x0 - 3, 0) : x1 + 3] = False
    assert not outside.any()


def test_the_first_box_is_on_top() -> None:
    box = (10.0, 10.0, 60.0, 40.0)
    drawn = draw.boxes(GREY, [box, box], [(255, 0, 0), (0, 0, 255)])
    assert tuple(drawn[10, 30]) == (255, 0, 0)
    assert np.array_equal(draw.boxes(GREY, [], []), GREY)
    with pytest.raises(ValueError):
        draw.boxes(GREY, [box], [])


def test_a_colour_for_every_size() -> None:
    sizes = (3, 5, 7, 9)
    colours = [draw.size_colour(size, sizes) for size in sizes]
    assert colours == list(draw.SIZE_RGB)
    assert (np.diff(luminance(np.array(colours))) < 0).all(), "darker with size"
    assert [draw.size_colour(size, (9, 3, 7, 5)) for size in sizes] == colours
    assert draw.size_colour(1, (11, 1)) == draw.SIZE_RGB[0]
    assert draw.size_colour(11, (11, 1)) == draw.SIZE_RGB[-1]
    assert draw.size_colour(5, (5,)) in draw.SIZE_RGB
    many = [draw.size_colour(size, (1, 3, 5, 7, 9, 11)) for size in (1, 3, 5, 7, 9, 11)]
    assert [draw.SIZE_RGB.index(colour) for colour in many] == sorted(draw.SIZE_RGB.index(colour) for colour in many)


def test_input_is_never_painted_on() -> None:
    picture, values = GREY.copy(), np.linspace(-1, 1, 15).reshape(GRID)
    cells, kept = np.array([[1, 1]]), values.copy()
    picture.flags.writeable = values.flags.writeable = cells.flags.writeable = False
    draw.overlay(picture, values, (-1, 1))
    draw.anchors(picture, cells, GRID)
    draw.boxes(picture, [(1, 2, 30, 40)], [(1, 2, 3)])
    draw.enlarge(values, (90, 60))
    assert np.array_equal(picture, GREY)
    assert np.array_equal(values, kept)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (7, 5)])
def test_tiny_pictures(size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    for drawn in (
        draw.overlay(picture, np.eye(14), (0, 1)),
        draw.anchors(picture, np.array([[13, 0], [0, 13]]), (14, 14)),
        draw.boxes(picture, [(0, 0, size[1], size[0])], [(9, 9, 9)]),
    ):
        assert (drawn.shape, drawn.dtype) == ((*size, 3), np.uint8)
