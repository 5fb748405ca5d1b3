"""A sample of the corpus through the app's own fields in a browser, and names that would do harm where they were taken
for more than text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, Request, expect

from mvfa_core import build_model, save_model
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from tests.corpus import bad_archives, bad_models, bad_pictures
from tests.corpus.corpus import Bad, Shelf
from tests.e2e.conftest import server, settle, visit  # noqa: F401

pytestmark = pytest.mark.browser
Visit = Callable[[str], Page]
PICTURES = ("words", "an SVG called PNG", "a PNG that claims 30000 x 30000 px", "a JPEG of 500 scans", "a HEIC file")
MODELS = ("a pickle of protocol 5", "nothing", "10 GB that are not there", "a card with K = 0", "a weight of nan")
ZIPS = ("the name '../out.png'", "120 MiB of zeros in 120 kB", "a link", "encrypted", "words")
EVIL = "evil.invalid"
NAMES = (
    f"![x](http://{EVIL}/markdown.png)",
    f"<img src=http://{EVIL}/tag.png onerror=alert(1)><script>alert(2)</script>",
    "\u202eaes :red[x] $x$ \x1b[31m",
    "n" * 10_000,
)


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Bad]]:
    folder = tmp_path_factory.mktemp("corpus")
    found = {}
    for kind, fill in (("picture", bad_pictures.fill), ("model", bad_models.fill), ("archive", bad_archives.fill)):
        fill(shelf := Shelf(folder, kind))
        found[kind] = {one.what: one for one in reversed(shelf.found)}
    return found


@pytest.fixture
def quiet(page: Page) -> Iterator[None]:
    """Nothing is asked of another machine, and nothing runs that a name has brought."""
    strange: list[str] = []

    def look(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "ws:")):
            strange.append(request.url)

    page.on("request", look)
    page.on("dialog", lambda dialog: strange.append(dialog.message))
    yield
    assert not strange, strange


def refused(page: Page, where: str, bad: Bad) -> None:
    """Hand the file to the field and wait for the sentence."""
    field = page.get_by_test_id("stFileUploader").filter(has_text=where).locator("input[type=file]")
    field.set_input_files(bad.path)
    alert = page.get_by_test_id("stAlert").filter(visible=True).last
    expect(alert).to_be_visible()
    settle(page)
    words = alert.inner_text()
    assert len(words) > 20 and "Traceback" not in words and "/tmp" not in words, f"{bad}: {words}"
    page.get_by_test_id("stFileUploader").filter(has_text=where).get_by_role("button", name="Remove").first.click()
    settle(page)
    expect(page.get_by_test_id("stAlert").filter(visible=True)).to_have_count(0)


def test_pictures_and_models(visit: Visit, quiet: None, shelves: dict[str, dict[str, Bad]]) -> None:  # noqa: F811
    page = visit("/")
    page.get_by_role("button", name="Use your own picture").click()
    for what in PICTURES:
        refused(page, "A picture file", shelves["picture"][what])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Use your own model").click()
    for what in MODELS:
        refused(page, "A file of weights", shelves["model"][what])


def test_zips(visit: Visit, quiet: None, server: Any, shelves: dict[str, dict[str, Bad]]) -> None:  # noqa: F811
    page = visit("/train")
    page.get_by_label("Pictures", exact=True).click()
    page.get_by_role("option", name="Your zip").click()
    for what in ZIPS:
        refused(page, "zip", shelves["archive"][what])
    uploads = server.folder / "data" / "uploads"
    assert not uploads.exists() or not [path for path in uploads.iterdir() if path.is_dir()]


@pytest.fixture
def named(server: Any) -> Iterator[Run]:  # noqa: F811
    """A run whose model, data, end and own name are all meant to be taken for more than text."""
    run = Run(server.folder / "runs" / f"![x]({EVIL}) <b>`run` \u202e\x1b[31m")
    recipe = quick()
    run.create(recipe)
    told = recipe.to_json() | {"data": f"![x](http://{EVIL}/data.png)", "steps": 20}
    (run.path / "recipe.json").write_text(json.dumps(told))
    run.append({"event": "start", "step": 0, "time_s": 0, "classes": list(NAMES), "train_n": 8, "val_n": 4})
    run.append({"event": "validation", "step": 20, "accuracy": 0.75, "n": 4, "time_s": 6.0})
    message = f"![x](http://{EVIL}/end.png) /home/somebody/secret/file.txt"
    run.append({"event": "end", "step": 20, "reason": "failed", "message": message})
    model = build_model("compact", "mfa", len(NAMES), k=4, sizes=(3,), classes=[str(i) for i in range(len(NAMES))])
    model.classes = NAMES  # as a stranger's program would have written them
    save_model(model, run.path / "model.safetensors", {"recipe": told, "name": NAMES[0]})
    yield run
    shutil.rmtree(run.path)


def test_names(visit: Visit, quiet: None, named: Run) -> None:  # noqa: F811
    """On every page they are text: no picture is fetched, no tag is made of them, and none is endless."""
    for path in ("/runs", "/train", "/", "/views", "/compare", "/evaluate"):
        page = visit(path)
        if path == "/runs":
            page.locator("input[type=checkbox]").nth(1).check()
            settle(page)
        elif path != "/train":
            page.get_by_role("combobox").first.click()
            page.get_by_role("option").filter(has_text="[x]").first.click()
            settle(page)
        assert page.locator(f"[src*='{EVIL}'], a[href^='http://{EVIL}'], a[href^='//{EVIL}']").count() == 0, path
        shown = page.locator("body").inner_text()
        assert "secret" not in shown or "somebody" not in shown, path
        assert "n" * 200 not in shown and "\u202e" not in shown, path


def test_the_policy_names_this_host_alone(server: Any) -> None:  # noqa: F811
    with urlopen(server.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    (connect,) = [part.strip() for part in policy.split(";") if "connect-src" in part]
    host = server.url.removeprefix("http://")
    assert connect == f"connect-src 'self' data: ws://{host} wss://{host}"
