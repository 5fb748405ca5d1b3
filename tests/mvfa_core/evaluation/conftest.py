"""What the tests of evaluations share: a model that errs now and then, and a few drawn pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mvfa_core.checkpoints import bundled, load_model, save_model
from mvfa_core.evaluation import EvaluationSpec, spec_for

LIMIT = 40


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The models here are tiny: a second thread only waits, and on a busy machine it waits long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled MFA model with noise on both heads, so that there is something to rescue and to harm."""
    return shaken("compact_mfa", tmp_path_factory.mktemp("shaky") / "shaky.safetensors")


def shaken(name: str, file: Path) -> Path:
    """A bundled model with noise on the weights of its heads."""
    model = load_model(bundled()[name])
    torch.manual_seed(0)
    with torch.no_grad():
        for key, weight in model.pooling.named_parameters():
            if key.endswith("weight"):
                weight += 1.6 * weight.std() * torch.randn_like(weight)
    save_model(model, file, {"name": "shaky"})
    return file


@pytest.fixture
def asked(shaky: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EvaluationSpec:
    """Forty drawn pictures through it, with a runs folder of their own."""
    monkeypatch.setenv("MVFA_RUNS", str(tmp_path / "runs"))
    return spec_for(shaky, "synthetic", limit=LIMIT)
