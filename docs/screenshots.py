"""Take the pictures of the app in docs/images: `python docs/screenshots.py` (needs Chromium and the test requirements).

Starts a server of its own on this machine, visits each page at 1440 and 390 px, light and dark, and stops it again.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
NAMES = ("maps", "anchors", "views", "region", "compare", "dataset", "train", "runs", "results")
PAGES = {"explore": "/", **{name: f"/{name}" for name in NAMES}}
WIDTHS = {"": (1440, 1000), "-phone": (390, 844)}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--query", default="", help="added to every address, such as ?run=NAME")
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    parser.add_argument("--out", type=Path, default=IMAGES)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
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
            for name in args.pages:
                for suffix, size in WIDTHS.items():
                    for scheme in ("light", "dark"):
                        target = args.out / f"{name}-{scheme}{suffix}.webp"
                        _picture(browser, url + PAGES[name] + args.query, size, scheme, target)
                        print(target.name)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    sys.exit("the server did not start")


def _picture(browser: Browser, address: str, size: tuple[int, int], scheme: str, target: Path) -> None:
    """The whole page, however long, as one picture."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    app = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
    page.wait_for_selector(app, timeout=120_000)
    page.wait_for_load_state("networkidle")  # Plotly's own script, where there are curves
    page.wait_for_timeout(4_000)  # pictures are decoded and painted after the script is done
    height = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    page.set_viewport_size({"width": size[0], "height": max(size[1], height + 20)})
    page.wait_for_timeout(1_000)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(target, quality=82, method=6)
    context.close()


if __name__ == "__main__":
    main()
