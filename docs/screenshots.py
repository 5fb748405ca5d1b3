"""Take the pictures of the app for docs/gallery.md: `python docs/screenshots.py` (needs Chromium and the test
requirements).

Trains two short runs (some minutes) and looks at a data set in a temporary folder, so that no page is empty, starts a
server of its own on this machine, visits each of the twelve pages at 390, 1440 and 1920 px, light and dark, and
stops it again. The pictures show the window, not the whole page, at the best quality that keeps all under 2.5 MB.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
RUN, TWIN, LOOKED = "quick-mfa", "quick-gap", 200
NAMES = ("lesson", "maps", "anchors", "views", "region", "compare", "evaluate", "figures", "train", "runs", "results")
QUERIES = {
    "anchors": "?cell=4-8",
    "evaluate": f"?of=compact_mfa&data=synthetic&side=val&most={LOOKED}",
    "lesson": "?step=anchors",
    "train": f"?run={RUN}&with={TWIN}",
}
PAGES = {"explore": "/", **{name: f"/{name}{QUERIES.get(name, '')}" for name in NAMES}}
SCROLLED = {"train": ".mvfa-curves", "views": ".board"}
"""What a page is scrolled to, where what it is about does not stand at its top."""
WIDTHS = {"-phone": (390, 844), "": (1440, 900), "-wide": (1920, 1080)}
SHOWN_PX = 1440
"""Wider pictures are scaled down to it: the layout is what they show."""
BYTES = {"-phone": 25_000, "": 44_000, "-wide": 34_000}
"""The most of one picture: 24 of each are 2.5 MB."""
QUALITIES = (82, 74, 66, 58, 50, 42, 34, 26, 18, 10)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    parser.add_argument("--out", type=Path, default=IMAGES)
    parser.add_argument("--runs", type=Path, help="a folder furnished before, in place of a temporary one")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        runs = args.runs or Path(temporary)
        os.environ["MVFA_RUNS"] = str(runs)
        furnish(runs)
        _visit_all(args.pages, args.out)
    print(f"{sum(file.stat().st_size for file in args.out.glob('*.webp')) / 1e6:.2f} MB in {args.out}")


def furnish(runs: Path) -> None:
    """A short run of MFA, its GAP twin, and what the bundled model makes of drawn pictures, unless they are there."""
    program = [sys.executable, "-m", "mvfa_core"]
    train = ["train", "--recipe", "quick", "--val-every", "50"]
    for name, pooling in ((RUN, "mfa"), (TWIN, "gap")):
        if not (runs / name / "model.safetensors").exists():
            out = ["--pooling", pooling, "--out", str(runs / name), "--quiet"]
            subprocess.run([*program, *train, *out], cwd=ROOT, check=True)
    if not any((runs / ".surveys").glob("*/pictures.npz")):
        model = str(ROOT / "assets" / "models" / "compact_mfa.safetensors")
        look = ["evaluate", model, "--data", "synthetic", "--limit", str(LOOKED), "--quiet"]
        subprocess.run([*program, *look], cwd=ROOT, check=True)


def _visit_all(names: list[str], out: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    streamlit = Path(sys.executable).with_name("streamlit")
    command = [str(streamlit), "run", "app/main.py", f"--server.port={port}", "--server.headless=true"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=os.environ)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        with sync_playwright() as playwright:
            path = next(filter(None, map(shutil.which, BROWSERS)))
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            for name in names:
                for suffix, size in WIDTHS.items():
                    _pictures(browser, url, name, suffix, size, out)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    sys.exit("the server did not start")


def _pictures(browser: Browser, url: str, name: str, suffix: str, size: tuple[int, int], out: Path) -> None:
    """One page in one window, opened once, in both lights."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme="light")
    page = context.new_page()
    page.goto(url + PAGES[name])
    _settled(page)
    if name in SCROLLED and suffix != "-wide":
        page.locator(SCROLLED[name]).first.evaluate("node => node.scrollIntoView({ block: 'center' })")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(1_500)
        target = out / f"{name}-{scheme}{suffix}.webp"
        target.write_bytes(webp(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), BYTES[suffix]))
        print(target.name, target.stat().st_size, flush=True)
    context.close()


def _settled(page: Page) -> None:
    app = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
    page.wait_for_selector(app, timeout=180_000)
    page.wait_for_selector('[data-testid="stSkeleton"]', state="detached", timeout=180_000)
    page.wait_for_load_state("networkidle")  # Plotly's own script, where there are curves
    page.wait_for_timeout(3_000)  # pictures are decoded and painted after the script is done


def webp(picture: Image.Image, most: int) -> bytes:
    """The picture, at most `SHOWN_PX` wide, at the best quality that takes no more than so many bytes."""
    if picture.width > SHOWN_PX:
        size = (SHOWN_PX, round(picture.height * SHOWN_PX / picture.width))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= most:
            break
    return buffer.getvalue()


if __name__ == "__main__":
    main()
