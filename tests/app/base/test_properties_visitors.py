"""What holds of visitors, whatever they send: nobody sees or changes what is another's, and nobody holds too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base import permissions, visitors
from app.base.permissions import (
    NotYoursError,
    expect_mine,
    expect_seen,
    is_own,
    mark,
    may_change,
    may_see,
    may_see_made,
    own,
    visitors_root,
    whole,
)
from app.base.permissions import given as keys_given
from app.base.refusals import QuotaError
from app.base.settings import number, shared
from app.base.visitors import GONE_S, Cookies, Visits
from app.services import quota, visitor_files
from app.services.quota import Ledger, Uploads, most_each, most_of_all
from mvfa_core.data.sets import DataError
from mvfa_core.training.archive import VISITOR, is_private
from mvfa_core.training.runs import Run
from tests.coroutines import finished
from tests.corpus.drawn import JSON, WORDS, expect_sentence, few, fewer, refused

WHO = st.sampled_from(["a" * 32, "b" * 32, "c" * 32])


@few
@given(st.lists(st.tuples(WHO, st.sampled_from("123456"), st.floats(0, 2 * GONE_S), st.booleans()), max_size=30))
def test_visits(steps: list[tuple[str, str, float, bool]]) -> None:
    """Who was seen in the last fifteen minutes, or whose line stands, has not left; everybody else is forgotten."""
    now, seen, line = [0.0], {}, {}
    visits = Visits(lambda: now[0])
    for visitor, session, later, looks in steps:
        now[0] += later
        if looks:
            connected = {one for one, at in line.items() if now[0] - at < GONE_S / 3}
            left = visits.gone(connected)
            for one in left:
                assert now[0] - seen[one] > GONE_S
                assert not visits.of(one)
            seen = {
                one: now[0] if set(visits.of(one)) & connected else at for one, at in seen.items() if one not in left
            }
            assert all(now[0] - at <= GONE_S for at in seen.values())
        visits.see(visitor, session)
        seen[visitor], line[session] = now[0], now[0]
        assert visits.whose(session) == visitor and session in visits.of(visitor)


@few
@given(
    st.lists(st.tuples(WHO, st.integers(0, 2**21), st.booleans()), max_size=40), st.integers(1, 3), st.integers(1, 5)
)
def test_quotas(wishes: list[tuple[str, int, bool]], each: int, every: int) -> None:
    """Nobody holds more than a visitor may, and all together not more than all may, however much is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_SHARED", "1")
        patch.setenv("MVFA_VISITOR_MB", str(each))
        patch.setenv("MVFA_VISITORS_MB", str(every))
        patch.setattr(visitors, "VISITS", Visits())
        ledger = Ledger()
        held: dict[str, int] = {}
        for visitor, more, goes in wishes:
            visitors.VISITS.see(visitor, f"of {visitor}")
            if goes:
                held[visitor] = 0
            try:
                ledger.expect_room(visitor, more)
            except QuotaError as error:
                expect_sentence(str(error))
                before = ledger.held()
                assert before[visitor] + more > most_each() or sum(before.values()) + more > most_of_all()
            else:
                held[visitor] = held.get(visitor, 0) + more
            ledger.note(f"of {visitor}", held.get(visitor, 0))
            assert ledger.held()[visitor] == held.get(visitor, 0) <= most_each()
            assert sum(ledger.held().values()) <= most_of_all()


@fewer
@given(
    st.sampled_from(
        ["/_stcore/upload_file/s/f", "/x/_stcore/upload_file/s/f", "/_stcore/upload_file/s", "/", "/media/a"]
    ),
    st.sampled_from(["PUT", "DELETE", "GET"]),
    st.binary(max_size=30) | st.integers(0, 2**40).map(lambda size: str(size).encode()),
)
def test_uploads(path: str, method: str, length: bytes) -> None:
    """A file that is not over the quota passes, everything else that is sent too; nothing stays on its way."""
    passed: list[str] = []

    async def inside(scope: Any, *_: Any) -> None:
        passed.append(scope["path"])

    async def send(_: Any) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_SHARED", "1")
        scope = {"type": "http", "method": method, "path": path, "headers": [(b"content-length", length)]}
        finished(Uploads(inside)(scope, send, send))
        assert passed == [path]
        patch.setattr(quota.LEDGER, "kept", lambda: {"session s": 2**40})
        finished(Uploads(inside)(scope, send, send))
        assert len(passed) == (1 if method == "PUT" and path.endswith("upload_file/s/f") else 2)
    assert not quota.LEDGER._coming


@fewer
@given(st.sampled_from(["http", "https"]), WORDS, st.sampled_from(["text/html", "*/*", ""]), st.booleans())
def test_cookies(scheme: str, cookie: str, accepted: str, many: bool) -> None:
    """One for who wants a page and has none of ours, on a shared server alone; never one that was sent."""
    sent: list[Any] = []

    async def inside(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    told = f"{visitors.COOKIE}={cookie}".encode("latin-1", "replace")
    headers = [(b"accept", accepted.encode()), (b"cookie", told)]
    scope = {"type": "http", "method": "GET", "scheme": scheme, "path": "/", "headers": headers}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_SHARED", str(int(many)))
        finished(Cookies(inside)(scope, send, send))
        assert shared() == many
    given_back = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert len(given_back) == int(many and accepted == "text/html")
    assert all(("Secure" in one) == (scheme == "https") and "HttpOnly" in one for one in given_back)


PLACES = st.sampled_from(
    ["synthetic", "data/visitors/{0}/pets", "data/visitors/{1}/pets", "data/visitors/{1}/../{0}/pets", "data/uploads/p",
     "x/mvfa-uploads-12-y/{1}/m", "x/mvfa-uploads-12-y/{0}/m", "data/visitors", "data", "data/visitors/link/pets"]
)  # fmt: skip


@few
@given(PLACES, JSON, st.booleans(), st.booleans())
def test_rights(place: str, note: Any, private: bool, many: bool) -> None:
    """What lies in another's folder is not seen, whatever way leads there; a note that was spoilt makes nobody an
    owner; on a server of one's own all is the owner's."""
    ada, bob = "a" * 32, "b" * 32
    with pytest.MonkeyPatch.context() as patch, visitor_files.tempfile.TemporaryDirectory() as folder:
        patch.setenv("MVFA_SHARED", str(int(many)))
        patch.setenv("MVFA_DATA", f"{folder}/data")
        patch.setattr(permissions, "me", lambda: ada)
        where = place.format(ada, bob)
        (visitors_root() / bob / "pets").mkdir(parents=True)
        (visitors_root() / "link").symlink_to(visitors_root() / bob)
        where = where if where == "synthetic" else f"{folder}/{where}"
        real = whole(Path(where))
        others = bob in real.parts or whole(visitors_root()).is_relative_to(real)
        assert may_see(where) == is_own(where) == (not many or not others)
        with refused(may_see(where), DataError):
            expect_seen(where)
        assert not keys_given() and own().parent == whole(visitors_root())
        run = Run(Path(folder) / "run")
        run.path.mkdir()
        (run.path / VISITOR).write_text(json.dumps(note))
        assert may_change(run) == (not many)
        with refused(not many, NotYoursError):
            expect_mine(run.request_stop, 3, None)
        mark(run)
        assert may_change(run) == (not many), "what another began stays so"
        (run.path / VISITOR).unlink()
        mark(run, private=private)
        assert may_change(run) and may_see_made(run, where) and is_private(run) == (many and private)
        patch.setattr(permissions, "me", lambda: "c" * 32)
        assert may_see_made(run, "synthetic") == (not many or not private) and may_change(run) == (not many)


@few
@given(WORDS)
def test_numbers_of_settings(told: str) -> None:
    try:
        found = number({"MVFA_VISITOR_MB": told}, "MVFA_VISITOR_MB")
    except ValueError as error:
        expect_sentence(str(error))
    else:
        assert found is None or found >= 0


@few
@given(WORDS | st.text("abcXYZ019-_", min_size=43, max_size=43))
def test_keys(key: str) -> None:
    """A key that was not made opens nothing, and leads nowhere."""
    with pytest.MonkeyPatch.context() as patch, visitor_files.tempfile.TemporaryDirectory() as folder:
        patch.setenv("MVFA_SHARED", "1")
        patch.setenv("MVFA_DATA", folder)
        patch.setattr(visitor_files, "me", lambda: "a" * 32)
        assert not visitor_files.use_key(key) and not list(Path(folder).iterdir())
