"""The device of the server, on a pretended GPU: what lies there has a bound, and whoever has to wait for the CPU is
told."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from app.base.wording import wording_own_model as words
from app.server import health
from app.services import cache, devices, inference_queue
from mvfa_core import build_model
from mvfa_core.devices import FULL, ROOM, UNABLE, VARIABLE, Place
from mvfa_core.explain import encode
from mvfa_core.precision import VARIABLE as PRECISION
from tests.pretended import FREE, NAME, Gpu, noise, pretending


@pytest.fixture
def begun() -> Iterator[None]:
    """A server that has chosen no device yet; its caches are afterwards as they were."""
    before = {name: cache._CACHES[name].most for name in devices.PARTS if name in cache._CACHES}
    devices.chosen.cache_clear()
    yield
    devices.chosen.cache_clear()
    for name, most in before.items():
        cache.resize(name, most)


@pytest.fixture
def gpu(begun: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gpu]:
    monkeypatch.setattr(devices, "use_device", lambda: Gpu.device)
    # what is pretended is so in this thread alone
    monkeypatch.setattr(inference_queue, "infer", lambda function, *args: function(*args))
    with pretending() as gpu:
        yield gpu


def made() -> Any:
    return build_model("compact", "mfa", 3, k=4, sizes=(1,)).eval()


def test_caches_are_as_large_as_the_device_allows(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices.chosen() == torch.device("cuda", 0)
    standing = cache.standing()
    assert standing["models"]["most_megabytes"] == FREE // 2 * 3 // 4 // 2**20
    assert standing["features"]["most_megabytes"] == FREE // 2 // 4 // 2**20
    devices.chosen.cache_clear()
    monkeypatch.setenv(ROOM, "100")
    devices.chosen()
    assert cache._CACHES["models"].most == 75 * 10**6
    told = {"device": "cuda:0", "machine": NAME, "precision": "float32"}
    assert devices.standing() == health.vitals()["computed_on"] == told


def test_models_and_features_lie_there_and_the_longest_unused_goes(gpu: Gpu) -> None:
    def found(key: str) -> Any:
        return cache._CACHES["models"].get(key, lambda: devices.settled(made()))

    first = found("first")
    assert first.place == Place("cuda:0", NAME) and encode(first, noise(1, 112)[0]).F_BDHW.is_cuda
    cache.clear()
    cache.resize("models", int(2.5 * cache.weigh(first)))
    kept = [found(key) for key in ("a", "b", "a", "c")]
    assert kept[0] is kept[2] is found("a") and kept[3] is found("c")
    assert found("b") is not kept[1]
    cache.clear()


def test_a_device_that_is_not_there_is_a_sentence(begun: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cuda:7")
    with pytest.raises(ValueError, match="MVFA_DEVICE: expected"):
        devices.settled(made())
    assert devices.standing()["error"].startswith("MVFA_DEVICE: expected")


def test_on_a_cpu_nothing_waits_and_nothing_is_said(begun: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cpu")
    monkeypatch.setattr(inference_queue, "infer", lambda *_: pytest.fail("nothing has to be tried there"))
    assert devices.settled(made()).place.is_plain


def test_who_asks_is_told_that_a_model_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    model = SimpleNamespace(place=Place("cuda:0", NAME))

    def moves(one: Any) -> str:
        one.place = Place(why=FULL)
        return "answered"

    monkeypatch.setattr(inference_queue.st, "toast", lambda text, **_: said.append(text))
    monkeypatch.setattr(inference_queue, "_session", lambda: "somebody")
    assert inference_queue.infer(moves, model) == "answered" and said == [words.moved(FULL)]
    assert inference_queue.infer(moves, model) == "answered" and len(said) == 1


def test_the_page_says_where_a_model_is_computed(app: AppTest, begun: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cpu")

    def captions() -> list[str]:
        return [one.value for one in app.run().caption if one.value.startswith("Computed on")]

    assert captions() == ["Computed on the CPU in float32."] and not app.exception, "in the card alone"
    cache.clear()
    monkeypatch.setenv(PRECISION, "bf16")
    found = captions()
    said = "Computed on the CPU in bf16, which is faster; on four photographs its answers differ"
    assert len(found) == 2 and all(one.startswith(said) for one in found) and not app.exception


def test_every_reason_has_words() -> None:
    for why in (FULL, UNABLE):
        assert words.place(Place(why=why)) == f"Computed on the CPU in float32. {words.moved(why)}"
    apart = Place("cuda:0", "a_GPU", asked="bf16", apart=0.2)
    said = "Computed on a\\_GPU \\(cuda\\:0\\) in float32: in bf16 its answers would differ by 20"
    assert words.place(apart).startswith(said)
