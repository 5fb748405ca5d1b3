"""What every test shares: calm threads, fixed seeds, no network, a browser, and real pictures if they are at hand."""

from __future__ import annotations

import os
import random
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# How a wait that ran out in the browser ends: Playwright's own, and those of its expectations.
RAN_OUT = [r"TimeoutError: ", r"AssertionError: (Locator|Page) expected"]

# Set before anything imports torch or Matplotlib, and inherited by every process a test starts.
# With tests side by side each of them has a core; threads that wait for each other on a busy one are many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["HF_HUB_OFFLINE"] = "1"
# Most tests are about the method: a small model and a picture whose answer is known. test_start.py opens the real ones.
os.environ["MVFA_START"] = "model=compact_mfa&picture=scene-23"
os.environ["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] = "false"


def find_browser() -> str | None:
    """Path of a Chromium: $MVFA_BROWSER, or the first known name on PATH; None when there is none."""
    for name in (os.environ.get("MVFA_BROWSER", ""), *BROWSERS):
        if name and (path := shutil.which(name)):
            return path
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # On two cores shared with others a page may stand still for longer than any sensible limit, so a wait that ran out
    # is tried once more, and the summary tells which. A figure that is wrong is wrong at once.
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=RAN_OUT))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and find_browser() is None:
        sentence = "needs a browser: install Chromium or Google Chrome, or set MVFA_BROWSER to its path"
        # A skipped journey on the checking machine would be a hole that nobody sees.
        if os.environ.get("CI"):
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium instead of one that Playwright would download, kept from calling home."""
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": quiet}


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """What a test sets for a server, its environment and its passcode, is not there for the next one."""
    before = dict(os.environ)
    yield
    before.pop("PYTEST_CURRENT_TEST", None)
    for name in set(os.environ) - set(before) - {"PYTEST_CURRENT_TEST"}:
        del os.environ[name]
    os.environ.update(before)
    if (serving := sys.modules.get("app.base.settings")) is not None:
        serving._taken.clear()


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """Every test starts from the same random state, whatever ran before it."""
    random.seed(0)
    # Only what a test already imported: a test of the house need not wait for torch.
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(0)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this session's runs go ($MVFA_RUNS), so that no test reads or writes the user's own."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_RUNS", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this session's decoded pictures go ($MVFA_CACHE): shared by its tests, and gone with it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the archives of real pictures; skips the test where it is absent."""
    folder = Path(os.environ.get("MVFA_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs real pictures: ../shared/data is not there (MVFA_TEST_DATA names another place)")
    return folder


@pytest.fixture(scope="session")
def unpacked(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """unpacked("ucmerced", each=8) -> folder holding at most `each` pictures of every class and split (all if None)."""
    done: dict[tuple[str, int | None], Path] = {}

    def unpack(name: str, each: int | None = None) -> Path:
        if (name, each) not in done:
            archive = shared_data / f"{name}.tar"
            if not archive.is_file():
                pytest.skip(f"needs real pictures: {archive.name} is not there")
            target = tmp_path_factory.mktemp(name)
            taken: dict[str, int] = {}
            with tarfile.open(archive) as tar:
                for member in tar:
                    folder = os.path.dirname(member.name)
                    if member.isfile() and (each is None or taken.get(folder, 0) < each):
                        taken[folder] = taken.get(folder, 0) + 1
                        tar.extract(member, target, filter="data")
            done[name, each] = target
        return done[name, each]

    return unpack
