"""What the tests of the core share besides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.pretended import Gpu, pretending

TINY = ("mvfa_core", "analysis", "metrics", "weights")
"""The folders whose tests work on tiny tensors."""


@pytest.fixture(autouse=True)
def one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """On tiny tensors a second thread only waits, and on a busy machine it waits long."""
    if request.path.parent.name not in TINY:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def pretended_gpu() -> Iterator[Gpu]:
    """A CUDA device without numbers, for a whole test."""
    with pretending() as gpu:
        yield gpu
