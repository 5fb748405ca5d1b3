"""A shared server: what one visitor brings or begins is nobody else's, and no visitor holds more than a quota."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app.base import errors, permissions, session, visitors
from app.features.evaluate import evaluations
from app.features.training import form_fields, zip_upload
from app.services import cache, models, quota, training_runs, visitor_files
from mvfa_core.data.sets import DataError
from mvfa_core.data.uploads import uploads
from mvfa_core.evaluation import Evaluation, spec_for
from mvfa_core.figures import ProvenanceError, read, recipe
from mvfa_core.training.archive import export_zip, import_zip, is_private
from mvfa_core.training.recipes import quick
from mvfa_core.training.runs import Run
from mvfa_core.training.split import Split
from tests.app.samples import a_run

ADA, BOB = "a" * 32, "b" * 32
Visit = Callable[[str], AppTest]


@pytest.fixture
def served(app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Two people's server, with folders of its own."""
    monkeypatch.setenv("MVFA_SHARED", "1")
    monkeypatch.setenv("MVFA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MVFA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(quota.LEDGER, "_pictures", {})  # all sessions of the harness bear one name
    return tmp_path


@pytest.fixture
def visit(served: Path, repo_root: Path) -> Visit:
    """visit(ADA) -> the app in that visitor's browser, run once."""

    def go(visitor: str) -> AppTest:
        mine = AppTest.from_file(str(repo_root / "app" / "main.py"), default_timeout=240)
        mine.session_state[session.VISITOR] = visitor
        return mine.run()

    return go


@pytest.fixture
def as_visitor(served: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """as_visitor(BOB): from now on it is Bob who asks, without a page."""

    def turn(visitor: str) -> None:
        for module in (visitors, permissions, visitor_files):
            monkeypatch.setattr(module, "me", lambda: visitor)

    return turn


def checkpoint() -> bytes:
    return models.model_file("compact_gap").read_bytes()


def png(value: int = 0, side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


def pets(folder: Path) -> Path:
    file = folder / "pets.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("cat", "dog"):
            for n in range(6):
                archive.writestr(f"{name}/{n}.png", png(20 * n + len(name)))
    return file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- models ---


def test_a_model_is_its_visitors_alone_and_named_by_its_whole_content(visit: Visit) -> None:
    """Names of 32 bits let one visitor put another model in the place of somebody's."""
    ada, bob = visit(ADA), visit(BOB)
    ada.file_uploader(key="own_model_file").set_value(("mine.safetensors", checkpoint(), "x/y")).run()
    name = ada.selectbox(key="model").value
    assert (
        name == f"uploaded/{hashlib.sha256(checkpoint()).hexdigest()}"
        and "uploaded/mine" in ada.selectbox(key="model").options
    )
    assert not any(one.startswith("uploaded/") for one in bob.run().selectbox(key="model").options)
    bob.file_uploader(key="own_model_file").set_value(("other.safetensors", checkpoint(), "x/y")).run()
    files = [one.file for mine in visitor_files._models.values() for one in mine.values()]
    assert len(set(files)) == 2 and {file.parent.name for file in files} == {ADA, BOB}
    assert all(mode(file) == 0o600 and mode(file.parent) == mode(file.parent.parent) == 0o700 for file in files)
    bob.button(key=f"own_model_file_{name.removeprefix('uploaded/')}").click().run()
    assert not files[1].exists() and files[0].exists() and bob.selectbox(key="model").value == "compact_mfa"
    assert ada.run().selectbox(key="model").value == name


def test_a_model_goes_when_its_visitor_has_left_and_the_page_asks_for_it_again(visit: Visit) -> None:
    ada = visit(ADA)
    ada.file_uploader(key="own_model_file").set_value(("mine.safetensors", checkpoint(), "x/y")).run()
    visitor_files.forget(ADA)
    assert not list(visitor_files._temporary().iterdir())
    ada.run()
    assert not ada.exception and "Your own model is not on this server any more. Upload it again to go on with it." in [
        one.value for one in ada.info
    ]
    assert ada.selectbox(key="model").value == "compact_mfa"
    ada.file_uploader(key="own_model_file").set_value(("mine.safetensors", checkpoint(), "x/y")).run()
    assert not ada.info and ada.selectbox(key="model").value.startswith("uploaded/")


def test_a_model_of_an_address_is_asked_for_after_a_restart(app: AppTest) -> None:
    app.query_params["model"] = f"uploaded/{'0' * 64}"
    assert "Your own model is not on this server any more. Upload it again to go on with it." in [
        one.value for one in app.run().info
    ]


def test_a_line_that_drops_is_no_end() -> None:
    """Fifteen minutes after the last sign of life, which a line that stands is as well."""
    now = [0.0]
    visits = visitors.Visits(lambda: now[0])
    visits.see(ADA, "first")
    visits.see(BOB, "second")
    now[0] = 14 * 60.0
    assert not visits.gone({"second"}), "Ada's line dropped long ago, and she may come back"
    visits.see(ADA, "third")
    now[0] = 28 * 60.0
    assert not visits.gone({"second"}) and visits.whose("first") == visits.whose("third") == ADA
    now[0] = 30 * 60.0
    assert visits.gone({"second"}) == [ADA] and visits.whose("first") != ADA and visits.whose("second") == BOB
    assert not visits.gone(set()) and visits.gone(set()) == []


def test_one_visitor_opens_so_many_pages(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones stay; one more says so and shows nothing else; those of others are nobody's business."""
    visits = visitors.Visits()
    for tab in ("one", "two", "three"):
        visits.see(ADA, tab)
        visits.see(BOB, f"{tab} of Bob")
    every = {"one", "two", "three", "one of Bob"}
    assert [visits.before(session, every) for session in ("one", "two", "three", "one of Bob")] == [0, 1, 2, 0]
    visits.see(ADA, "one")
    assert visits.before("three", {"one", "three"}) == 1 and visits.before("unknown", every) == 0

    monkeypatch.setenv("MVFA_VISITOR_PAGES", "2")
    monkeypatch.setattr(visitors.Visits, "before", lambda *_: 1)
    assert not visit(ADA).error and visit(ADA).selectbox
    monkeypatch.setattr(visitors.Visits, "before", lambda *_: 2)
    page = visit(ADA)
    assert [one.value for one in page.error] == [
        f"You have more than {2} pages of this server open. Close some of them, then load this one again."
    ] and not page.selectbox
    monkeypatch.delenv("MVFA_SHARED")
    assert not visit(ADA).error


def test_whose_lines_have_dropped_is_told_for_a_while() -> None:
    now = [0.0]
    visits = visitors.Visits(lambda: now[0])
    for visitor, line in ((ADA, "first"), (ADA, "second"), (BOB, "third")):
        visits.see(visitor, line)
    assert visits.away({"first", "second", "third"}) == []
    assert visits.away({"second"}) == [BOB], "Ada has another line"
    now[0] = 15.0
    assert not visits.gone({"second"})
    now[0] = 21.0
    assert visits.away(set()) == [ADA], "Bob was told long enough; Ada had a line until a moment ago"
    assert visits.away({"first"}) == []


def test_what_was_computed_with_a_model_goes_with_its_visitors_line(visit: Visit) -> None:
    """The file stays: whoever comes back within a quarter of an hour finds it."""
    ada = visit(ADA)
    ada.file_uploader(key="own_model_file").set_value(("mine.safetensors", checkpoint(), "x/y")).run()
    folder = visitor_files._temporary() / ADA

    def held() -> int:
        return sum(f"{folder}{os.sep}" in repr(key) for one in cache._CACHES.values() for key in one._kept)

    assert held() >= 3, "the model, its card, and what it says of the picture"
    visitor_files.away(BOB)
    assert held() >= 3
    visitor_files.away(ADA)
    assert held() == 0 and list(folder.iterdir())
    assert not ada.run().exception and held() >= 3


def test_nothing_is_left_at_the_end_of_the_server_nor_of_one_that_was_killed(
    as_visitor: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    as_visitor(ADA)
    visitor_files.keep_model(checkpoint(), "mine")
    folder = visitor_files._temporary()
    visitor_files.end()
    assert not folder.exists()
    monkeypatch.setattr(visitor_files.tempfile, "gettempdir", lambda: str(tmp_path))
    killed, running = (tmp_path / f"{permissions.TEMPORARY}{pid}-x" for pid in (2**22 - 3, os.getpid()))
    killed.mkdir()
    running.mkdir()
    visitor_files.begin()
    assert running.exists() and not killed.exists()


def test_alone_a_model_stays_until_it_is_removed(app: AppTest) -> None:
    app.run().file_uploader(key="own_model_file").set_value(("mine.safetensors", checkpoint(), "x/y")).run()
    other = AppTest.from_file(app._script_path, default_timeout=240).run()  # the page opened again
    name = next(one for one in models.model_ids() if one.startswith("uploaded/"))
    assert "uploaded/mine" in other.selectbox(key="model").options
    other.button(key=f"own_model_file_{name.removeprefix('uploaded/')}").click().run()
    assert not any(one.startswith("uploaded/") for one in other.selectbox(key="model").options)


# --- zips, and what is made of them ---


def test_a_zip_is_its_visitors_and_theirs_who_have_the_key(as_visitor: Callable[[str], None], served: Path) -> None:
    as_visitor(ADA)
    kept = visitor_files.keep_zip(pets(served), "pets.zip")
    assert [one.folder for one in visitor_files.zips()] == [kept.folder] and not uploads()
    assert all(mode(folder) == 0o700 for folder in (kept.folder.parent, kept.folder.parents[1]))
    assert zip_upload.look(Split(str(kept.folder))).classes
    key = visitor_files.key_for(kept)
    assert key not in " ".join(map(str, kept.folder.parents[1].rglob("*")))
    as_visitor(BOB)
    assert not visitor_files.zips() and not visitor_files.use_key("x" * 43) and not visitor_files.use_key("../" + key)
    with pytest.raises(DataError, match="no such folder"):
        zip_upload.look(Split(str(kept.folder)))
    with pytest.raises(DataError, match="no such folder"):
        training_runs.start_training(replace(quick(), data=str(kept.folder)))
    assert visitor_files.use_key(key) and visitor_files.use_key(key)
    assert [one.folder for one in visitor_files.zips()] == [kept.folder] and zip_upload.look(
        Split(str(kept.folder))
    ).classes
    for change in (lambda: visitor_files.remove_zip(kept, []), lambda: visitor_files.key_for(kept)):
        with pytest.raises(permissions.NotYoursError):
            change()
    as_visitor(ADA)
    visitor_files.remove_zip(kept, [])
    as_visitor(BOB)
    assert not visitor_files.zips()


def test_pages_offer_nobody_elses_pictures(visit: Visit, served: Path) -> None:
    """Train, Dataset and an address of one of them; a key in the address opens them and does not stay there."""
    ada = visit(ADA).switch_page("../pages/train.py").run()
    ada.selectbox(key=form_fields.key("data")).set_value("(zip)").run()
    ada.file_uploader[0].set_value(("pets.zip", pets(served).read_bytes(), "application/zip")).run()
    assert not ada.exception
    mine = ada.selectbox(key=form_fields.key("data")).value
    assert mine.startswith("pets-")
    bob = visit(BOB).switch_page("../pages/train.py").run()
    assert mine not in bob.selectbox(key=form_fields.key("data")).options and not any(
        "pets" in one for one in bob.selectbox(key=form_fields.key("data")).options
    )
    ada.button(key="form_key").click().run()
    link = next(one.value for one in ada.code if "key=" in one.value)
    bob.query_params["key"] = link.partition("key=")[2]
    bob.run()
    assert "key" not in bob.query_params and any(
        "pets" in one for one in bob.selectbox(key=form_fields.key("data")).options
    )


def test_runs_are_seen_by_whom_their_pictures_are_and_changed_by_who_began_them(
    as_visitor: Callable[[str], None], served: Path
) -> None:
    as_visitor(ADA)
    kept = visitor_files.keep_zip(pets(served), "pets.zip")
    secret, common = (
        a_run(served, "secret", "finished", recipe=replace(quick(), data=str(kept.folder))),
        a_run(served, "common", None),
    )
    for run in (secret, common):
        permissions.mark(run)
    a_run(served, "owners", "finished")
    export_zip(common, served / "file.zip")
    permissions.mark(import_zip(served / "file.zip", "brought"), private=True)
    assert {run.id for run in training_runs.all_runs()} == {"secret", "common", "owners", "brought"}
    as_visitor(BOB)
    assert (
        {run.id for run in training_runs.all_runs()} == {"common", "owners"} == {run.id for run in training_runs.runs()}
    )
    for run in training_runs.all_runs():
        errors.pressed(run.request_stop)()
        assert not run.stop_requested()
        with pytest.raises(permissions.NotYoursError):
            training_runs.go_on(run)
    # a run that was brought counts in no table, whatever it is called and tells
    assert is_private(Run(served / "runs" / "brought")) and not is_private(common)
    as_visitor(ADA)
    permissions.expect_mine(common.request_stop, secret)
    with pytest.raises(permissions.NotYoursError):
        permissions.expect_mine(Run(served / "runs" / "owners"))


def test_evaluations_of_such_pictures_are_not_offered(as_visitor: Callable[[str], None], served: Path) -> None:
    as_visitor(ADA)
    kept = visitor_files.keep_zip(pets(served), "pets.zip")
    model = models.model_file("compact_gap")
    for data in (str(kept.folder), "synthetic"):
        asked = spec_for(model, data)
        Evaluation(served / "runs" / ".surveys" / asked.digest).create(asked)
    assert len(evaluations._evaluations()) == 2
    as_visitor(BOB)
    assert [one.request().data for one in evaluations._evaluations()] == ["synthetic"]


def test_zips_of_who_did_not_come_back_go_unless_a_run_needs_them(
    as_visitor: Callable[[str], None], served: Path
) -> None:
    for visitor in (ADA, BOB):
        as_visitor(visitor)
        kept = visitor_files.keep_zip(pets(served), "pets.zip")
        os.utime(kept.folder.parent, (0, 0))
    a_run(served, "needs", "finished", recipe=replace(quick(), data=str(kept.folder)))
    visitor_files.begin()
    assert [one.name for one in permissions.visitors_root().iterdir()] == [BOB]


# --- who a visitor is ---


def test_a_browser_gets_its_cookie_once(served: Path) -> None:
    site = Starlette(
        routes=[Route("/{path:path}", lambda _request: PlainTextResponse("page"))],
        middleware=[Middleware(visitors.Cookies)],
    )
    client = TestClient(site, base_url="https://mfa.example")
    assert "set-cookie" not in client.get("/media/x").headers
    first = client.get("/", headers={"accept": "text/html"}).headers["set-cookie"]
    assert all(part in first for part in ("HttpOnly", "SameSite=Lax", "Secure")) and "Expires" not in first
    assert "set-cookie" not in client.get("/", headers={"accept": "text/html"}).headers


# --- quotas ---


def test_pictures_over_the_quota_are_refused_and_the_others_are_kept(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Figures page kept any number of them."""
    monkeypatch.setenv("MVFA_VISITOR_MB", "1")
    ada = visit(ADA).switch_page("../pages/figures.py").run()
    ada.selectbox(key="figure_source").set_value("(own)").run()
    brought = [(f"{n}.png", png(n, 400), "image/png") for n in range(4)]  # 480 kB each
    ada.file_uploader(key="figure_files").set_value(brought).run()
    assert not ada.exception and any("1 MB" in one.value for one in ada.warning)
    assert len(ada.session_state[session.FIGURE_OWN]) == 2
    ada.button(key="figure_forget").click().run()
    assert session.FIGURE_OWN not in ada.session_state
    assert not quota.LEDGER._pictures or not any(quota.LEDGER._pictures.values())


def test_one_picture_takes_the_place_of_the_last_one(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVFA_VISITOR_MB", "1")
    ada = visit(ADA)
    for n in range(4):
        ada.file_uploader(key="own_picture_file").set_value((f"{n}.png", png(n, 400), "image/png")).run()
        assert not ada.error
    ada.file_uploader(key="own_picture_file").set_value(("large.png", png(9, 700), "image/png")).run()
    assert any("1 MB" in one.value for one in ada.error)
    assert ada.session_state[session.OWN_PICTURE].picture.width == 400


def test_files_that_no_page_asked_for_count(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit keeps what is sent to its address for files until the session ends."""
    monkeypatch.setenv("MVFA_VISITOR_MB", "1")
    kept: dict[str, int] = {}
    monkeypatch.setattr(quota, "_sent", lambda: kept)

    async def take(request: Request) -> Response:
        kept[request.path_params["session"]] = kept.get(request.path_params["session"], 0) + len(await request.body())
        return PlainTextResponse("kept")

    route = Route("/base/_stcore/upload_file/{session}/{file}", take, methods=["PUT"])
    client = TestClient(Starlette(routes=[route], middleware=[Middleware(quota.Uploads)]))
    monkeypatch.setattr(quota.config, "get_option", lambda _: 1)
    codes = [client.put(f"/base/_stcore/upload_file/s/{n}", content=bytes(2**19)).status_code for n in range(6)]
    assert codes == [200] * 4 + [413] * 2
    answer = client.put("/base/_stcore/upload_file/s/x", content=iter([b"x"]))
    assert answer.status_code == 413 and "1 MB" in answer.text, "a length that is not told is the largest there may be"
    assert client.put("/base/_stcore/upload_file/other/x", content=b"x").status_code == 200
    monkeypatch.setenv("MVFA_VISITORS_MB", "1")
    assert client.put("/base/_stcore/upload_file/third/x", content=bytes(2**19)).status_code == 413
    assert not quota.LEDGER._coming


def test_a_million_empty_files_are_not_nothing() -> None:
    assert quota._counts(b"") == quota.LEAST


# --- a recipe in a picture ---


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("behind", [False, True])
def test_a_recipe_is_read_out_of_a_picture_without_its_pixels(behind: bool) -> None:
    """A picture of 3,600 megapixels, in a few bytes: its texts are read, nothing is decoded."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    text, pixels = chunk(b"tEXt", b"mvfa-recipe\0{}"), chunk(b"IDAT", zlib.compress(bytes(1000)))
    parts = (pixels, text) if behind else (text, pixels)
    start = b"\x89PNG\r\n\x1a\n" + header
    assert recipe._from_png(start + b"".join(parts) + chunk(b"IEND", b"")) == "{}"
    packed = chunk(b"zTXt", b"mvfa-recipe\0\0" + zlib.compress(b" " * 64 * 2**20))
    with pytest.raises(ProvenanceError):
        read(start + packed)


def test_a_model_is_loaded_once(visit: Visit) -> None:
    """To look whether it is one, and for the page that asks for it next."""
    ada = visit(ADA)
    before = cache.standing()["models"]["misses"]
    ada.file_uploader(key="own_model_file").set_value(("mine.safetensors", checkpoint(), "x/y")).run()
    assert not ada.exception and ada.selectbox(key="model").value.startswith("uploaded/")
    assert cache.standing()["models"]["misses"] == before + 1
