"""A class goes through the whole lesson with the keyboard alone, on the bundled model, on one of 21 classes, and on an
aerial photograph with the model that knows its kind; every number on the way is worked out a second time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.base.wording import wording
from app.services import gallery
from mvfa_core import build_model, load_model, save_model
from mvfa_core.checkpoints import bundled
from mvfa_core.evaluation.addresses import find
from mvfa_core.model import Classifier
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from tests.e2e.keys import tab_to
from tests.mvfa_core import oracles
from tests.mvfa_core.lesson.by_hand import ByHand, by_hand, loss_of
from tests.mvfa_core.samples import oracle_head

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
SIZES, K, GRID = (3, 5, 7, 9), 9, 14
LAND = tuple(f"use {n}" for n in range(21))
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def read(text: str) -> float:
    """A number as it stands on the page."""
    text = text.replace("−", "-").replace("\u00a0", " ")
    mantissa, _, power = text.partition(" × 10")
    return float(mantissa) * (10 ** int(power.translate(RAISED)) if power else 1)


def close(got: float, wanted: float) -> None:
    """Equal in the four digits that are shown (three, where a power of ten stands beside them)."""
    assert got == pytest.approx(wanted, rel=6e-3 if abs(wanted) < 1e-3 else 6e-4, abs=2e-7)


class Lesson:
    """The lesson as somebody without a pointer has it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".walk")

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)

    def at(self, number: int, title: str) -> None:
        expect(self.root.locator("h2")).to_have_text(f"Step {number} of 14: {title}")

    def tab_to(self, css: str) -> None:
        """Press Tab until what is asked for has the focus, which shows."""
        tab_to(self.page, css)

    def numbers(self) -> dict[str, Any]:
        """All numbers of the equations by name."""
        pairs = self.root.locator(".lines .number").evaluate_all(
            "nodes => nodes.map((node) => [node.dataset.number, node.textContent])"
        )
        return {name: read(text) if re.match(r"^[−\d]", text) else text for name, text in pairs}

    def cell_by_keys(self, x: int, y: int) -> None:
        """Choose a cell of the picture: the cursor starts in the middle, or at the chosen cell."""
        self.press("ArrowLeft")  # shows the cursor
        self.press("ArrowLeft", GRID)
        self.press("ArrowUp", GRID)
        self.press("ArrowRight", x)
        self.press("ArrowDown", y)
        self.press("Enter")


def land_use(server: Any) -> Classifier:
    """A model of 21 classes as a finished run of the server: that its numbers agree matters, not what it knows."""
    model = build_model("compact", "mfa", 21, k=K, sizes=SIZES, seed=4, classes=LAND).eval()
    run = Run(Path(server.folder) / "runs" / "land")
    if not run.path.exists():
        run.create(quick())
        save_model(model, run.path / "model.safetensors", {})
    return model


@pytest.mark.parametrize("which", ["bundled", "land use"])
def test_the_whole_lesson_by_keyboard(visit: Visit, server: Any, which: str) -> None:
    model = load_model(bundled()["compact_mfa"]) if which == "bundled" else land_use(server)
    hand = by_hand(model, gallery.specimen("scene-44").picture, K, SIZES)
    name = "" if which == "bundled" else "&model=runs/land"
    go_through(Lesson(visit(f"/lesson?picture=scene-44&k={K}{name}")), hand, model)


@pytest.fixture
def aerial(server: Any, unpacked: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a real aerial photograph, held out from the bundled model that knows its kind."""
    data = Path(server.folder) / "data"
    data.mkdir(exist_ok=True)
    place = data / "ucmerced"
    place.symlink_to(unpacked("ucmerced", each=2) / "ucmerced", target_is_directory=True)
    monkeypatch.setenv("MVFA_DATA", str(data))
    yield "data/ucmerced/val/7"
    place.unlink()


def test_the_whole_lesson_on_an_aerial_photograph(visit: Visit, page: Page, aerial: str) -> None:
    model = load_model(bundled()["compact_mfa_ucmerced"])
    side, place = find(aerial)
    picture, truth, _ = side.open(place)
    visit(f"/lesson?model=compact_mfa_ucmerced&picture={aerial}&k={K}")
    strip = page.get_by_role("group", name="Pictures")
    chosen = strip.get_by_role("button", pressed=True)
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text(str(truth))
    # A model of photographs is offered photographs it was not trained on, before what it never saw.
    headings = strip.get_by_role("heading").all_inner_texts()
    assert wording.held_out("ucmerced") in headings
    assert headings.index(wording.held_out("ucmerced")) < headings.index("Generated shapes, large to small")
    assert chosen.locator("img").get_attribute("src")
    go_through(Lesson(page), by_hand(model, picture, K, SIZES), model)


def go_through(lesson: Lesson, hand: ByHand, model: Classifier) -> None:
    """All fourteen steps, by keys alone."""
    told = [model.classes[c] for c in hand.passage.f_BC[0].argsort()[::-1]]
    _figure_1_and_the_guess(lesson, hand)
    _from_features_to_attention(lesson, hand, told, model)
    _views_and_losses(lesson, hand, model)
    _ensemble_and_test(lesson, hand, model)


def _figure_1_and_the_guess(lesson: Lesson, hand: ByHand) -> None:
    lesson.at(1, "The problem: small objects get averaged away")
    before = lesson.numbers()
    lesson.tab_to("[data-slider=scale]")
    lesson.press("ArrowRight", 3)
    after = lesson.numbers()
    assert after["whole"] > before["whole"] and 0 < after["gap"] < 1 and after["views"] > after["whole"]
    lesson.tab_to("summary")  # arrow keys belong to a slider while it has the focus
    lesson.press("Home")
    lesson.at(1, "The problem: small objects get averaged away")
    lesson.press("ArrowRight")
    lesson.at(2, "Where will it look?")
    expect(lesson.page).to_have_url(re.compile("step=guess"))
    assert not lesson.numbers()
    lesson.tab_to(".stage")
    lesson.cell_by_keys(3, 2)
    A_HW = hand.passage.A_BHW[0]
    rank = 1 + int((A_HW[2, 3] < A_HW).sum())
    said = lesson.root.locator(".question .said")
    expect(said).to_contain_text(f"place {rank} of 196")
    expect(said).to_contain_text(f"percentile {math.floor(100 * (196 - rank) / 195 + 0.5)}")
    close(lesson.numbers()["A"], A_HW[2, 3])


def _from_features_to_attention(lesson: Lesson, hand: ByHand, told: list[str], model: Classifier) -> None:
    c = hand.passage.prediction_B[0]
    weight_CD, bias_C = hand.aux
    x, y = 3, 2
    G_HW = hand.passage.G_BCHW[0, c]
    lesson.press("ArrowRight")
    lesson.at(3, "F: feature maps")
    push_D = [oracles.global_mean(F_HW) * weight_CD[c, d] for d, F_HW in enumerate(hand.F_DHW)]
    d = max(range(len(push_D)), key=lambda i: push_D[i])
    seen = lesson.numbers()
    close(seen["F"], hand.F_DHW[d, y, x])
    close(seen["u"], oracles.global_mean(hand.F_DHW[d]))
    close(seen["sum"] / seen["N"], seen["u"])

    lesson.press("ArrowRight")
    lesson.at(4, "G: evidence for a class, cell by cell")
    seen = lesson.numbers()
    terms = sorted((weight_CD[c] * hand.F_DHW[:, y, x]).tolist(), key=lambda term: -abs(term))
    for q in range(3):
        assert abs(seen[f"w{q}"] * seen[f"F{q}"]) == pytest.approx(abs(terms[q]), rel=2e-3)
    assert seen["rest"] == pytest.approx(sum(terms[3:]), rel=1e-2, abs=2e-4)
    close(seen["b"], bias_C[c])
    close(seen["G"], G_HW[y, x])

    lesson.press("ArrowRight")
    lesson.at(5, "f: what the average believes")
    seen = lesson.numbers()
    close(seen["z"], hand.z_C[c])
    close(seen["f"], hand.passage.f_BC[0, c])
    lesson.tab_to("[data-slider=cls]")
    lesson.press("Home")
    lesson.press("ArrowRight")
    second = model.classes.index(told[1])
    close(lesson.numbers()["f"], hand.passage.f_BC[0, second])
    lesson.tab_to(".walk-foot button")
    lesson.press("ArrowRight")
    lesson.at(6, "A: attention without a label")
    seen = lesson.numbers()
    close(seen["A"], hand.passage.A_BHW[0, y, x])
    for place in range(3):
        close(seen[f"f{place}"], hand.passage.f_BC[0, model.classes.index(told[place])])
        close(seen[f"G{place}"], hand.passage.G_BCHW[0, model.classes.index(told[place]), y, x])
    lesson.tab_to(".equation .lit")  # a number shows its cells to the keyboard, too
    lesson.press("ArrowRight")
    lesson.at(7, "CAM is G")
    seen = lesson.numbers()
    cam = sum(weight_CD[c, d] * hand.F_DHW[d, y, x] for d in range(len(hand.F_DHW)))
    close(seen["CAM"], cam)
    close(seen["difference"], G_HW[y, x] - bias_C[c])
    close(seen["conv"], hand.z_C[c])
    close(seen["fc"], hand.z_C[c])
    assert 0 <= seen["most"] < 1e-3


def _views_and_losses(lesson: Lesson, hand: ByHand, model: Classifier) -> None:
    passage, c = hand.passage, hand.passage.prediction_B[0]
    A_HW, points = passage.A_BHW[0], passage.anchors_BK2[0]
    lesson.press("ArrowRight")
    lesson.at(8, "Anchors: the K highest cells")
    seen = lesson.numbers()
    order = oracles.anchors(A_HW, K + 1)
    for i in (0, 1, 2, K - 1, K):
        close(seen[f"A{i}"], A_HW[order[i][1], order[i][0]])
    assert seen["n"] == K and (seen["x0"], seen["y0"]) == points[0]
    assert (seen[f"x{K - 1}"], seen[f"y{K - 1}"]) == points[-1]

    lesson.press("ArrowRight")
    lesson.at(9, "Regions: squares around an anchor")
    lesson.tab_to("[data-slider=size]")
    lesson.press("End")
    seen = lesson.numbers()
    box = oracles.region((3, 2), 9, GRID, GRID)
    assert tuple(seen[key] for key in ("x0", "y0", "x1", "y1")) == box and seen["h"] == 4
    expect(lesson.root.locator("span.note")).to_contain_text(f"{len(oracles.cells_of(box))} of 81")
    lesson.tab_to(".walk-foot button")

    lesson.press("ArrowRight")
    lesson.at(10, "Views: the mean of a region")
    g_MC = passage.logits_BMC[0]
    odds = [-loss_of(g_C, c) for g_C in g_MC]
    seen = lesson.numbers()
    m = int(seen["i"]) - 1
    assert odds[m] == pytest.approx(max(odds), abs=1e-6)
    weight_CD = hand.aux[0]
    push_D = [oracles.global_mean(F_HW) * weight_CD[c, d] for d, F_HW in enumerate(hand.F_DHW)]
    d = max(range(len(push_D)), key=lambda i: push_D[i])
    close(seen["a"], passage.views_BMD[0, m, d])
    close(seen["u"], oracles.global_mean(hand.F_DHW[d]))
    assert seen["count"] == len(oracles.cells_of(passage.boxes_BKR4[0][m // 4][m % 4]))

    lesson.press("ArrowRight")
    lesson.at(11, "Which view wins?")
    assert not lesson.numbers()
    lesson.tab_to(".option")
    lesson.press("Space")
    expect(lesson.root.locator(".question .said")).to_contain_text(re.compile(r"View [A-D] is most confident in"))
    seen = lesson.numbers()
    m = int(seen["i"]) - 1
    close(seen["g"], g_MC[m, c])
    close(seen["dot"], g_MC[m, c] - oracle_head(model.pooling.head)(0 * hand.F_DHW[:, 0, 0])[c])
    close(seen["s"], oracles.softmax(g_MC[m])[c])
    assert seen["loss"] == pytest.approx(loss_of(g_MC[m], c), rel=2e-2, abs=1e-6)

    lesson.press("ArrowRight")
    lesson.at(12, "Losses: what training would correct")
    lesson.tab_to("[data-slider=label]")
    lesson.press("End")
    label = model.classes.index(lesson.root.locator(".slider output").inner_text())
    seen = lesson.numbers()
    assert seen["Lg"] == pytest.approx(loss_of(hand.z_C, label), rel=1e-2)
    one_hot = [[float(i == label) for i in range(len(model.classes))]]
    assert seen["Ll"] == pytest.approx(oracles.local_loss(g_MC[None], one_hot), rel=1e-3)
    assert seen["Lt"] == pytest.approx(seen["Lg"] + seen["Ll"], rel=1e-3)
    for i in (0, 1, 2, 4 * K - 1):
        assert seen[f"l{i}"] == pytest.approx(loss_of(g_MC[i], label), rel=1e-2, abs=1e-6)
    lesson.tab_to(".walk-foot button")


def _ensemble_and_test(lesson: Lesson, hand: ByHand, model: Classifier) -> None:
    sums_C = hand.passage.ensemble_BC[0]
    lesson.press("ArrowRight")
    lesson.at(13, "The ensemble: all votes together")
    seen = lesson.numbers()
    best = sorted(range(len(sums_C)), key=lambda c: -sums_C[c])[:3]
    for place, c in enumerate(best):
        assert seen[f"S{place}"] == pytest.approx(sums_C[c], rel=1e-3, abs=1e-2)
        assert seen[f"c{place}"] == model.classes[c]
    assert seen["answer"] == model.classes[hand.passage.prediction_B[0]]
    lesson.tab_to(".option")
    lesson.press("Enter")
    one = sum(hand.passage.logits_BMC[0][:4])
    same = int(one.argmax()) == hand.passage.prediction_B[0]
    said = lesson.root.locator(".question .said")
    expect(said).to_contain_text("The prediction is still" if same else "The prediction is")
    expect(said).to_contain_text("Right." if same else "Not this time.")
    assert lesson.numbers()["answer"] == model.classes[int(one.argmax())]

    lesson.press("End")
    lesson.at(14, "Check yourself")
    count = lesson.root.locator(".quiz li").count()
    assert count >= 5
    for _ in range(count):
        lesson.tab_to(".option")  # the reply has the focus after an answer, so this is the next question's
        lesson.press("Space")
    right = lesson.root.locator(".quiz .said[data-good=true]").count()
    expect(lesson.root.locator(".score")).to_contain_text(f"{right} of {count} right.")
    expect(lesson.root.locator(".quiz .said")).to_have_count(count)
    views = lesson.root.locator(".quiz li").filter(has_text="how many views vote").locator(".option")
    answers = views.evaluate_all("nodes => nodes.map((node) => [node.textContent, node.dataset.state ?? ''])")
    assert [text for text, state in answers if state in ("right", "missed")] == [str(4 * K)]


def test_a_link_opens_its_step_and_gap_says_what_it_lacks(visit: Visit, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    visit("/lesson?step=anchors&model=compact_gap&picture=scene-44")
    lesson = Lesson(page)
    lesson.at(8, "Anchors: the K highest cells")
    expect(page.get_by_text("This step does not apply")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"the page is {wide} px wide on a phone of 390 px"
    page.get_by_role("button", name="Show it with compact_mfa").click()
    expect(page.locator(".walk .stage")).to_be_visible()
    lesson.at(8, "Anchors: the K highest cells")
    # Playing waits at a question instead of giving it away.
    page.get_by_role("button", name="2. Where will it look?").click()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_text("Your turn: answer, then go on.")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_the_chart_of_figure_1_can_be_dragged(visit: Visit, page: Page) -> None:
    visit("/lesson?step=problem")
    slider, chart = page.locator("[data-slider=scale]"), page.locator(".chart-stage svg")
    expect(chart.locator("circle")).to_have_count(2)
    chart.scroll_into_view_if_needed()
    frame = chart.bounding_box()
    assert frame
    middle = frame["y"] + frame["height"] / 2
    page.mouse.move(frame["x"] + 60, middle)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] - 16, middle)
    page.mouse.up()
    expect(slider).to_have_js_property("value", slider.get_attribute("max") or "")
    lines = chart.locator("path").evaluate_all("nodes => nodes.map((node) => node.getAttribute('d'))")
    assert len(lines) == 2 and not any("NaN" in line for line in lines)
