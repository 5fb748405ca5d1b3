"""A real nginx for the tests of its recipe; they skip where there is none."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="needs nginx and openssl")
START_S = 20


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Key and certificate for a day and that name."""
    key, made = folder / "key.pem", folder / "fullchain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}",
         "-keyout", str(key), "-out", str(made)], check=True, capture_output=True,
    )  # fmt: skip
    return key, made


def status(url: str) -> int:
    """What an address answers, whoever vouches for it; 0 if nobody answers."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=10, context=trusting) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextmanager
def browsing(browser_type: BrowserType, options: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser of its own that takes every certificate.

    With `ignore_https_errors` each handshake fails once and is made again, and on a busy machine Chromium gives up a
    file after a few of them.
    """
    browser = browser_type.launch(**{**options, "args": [*options["args"], "--ignore-certificate-errors"]})
    try:
        yield browser.new_context()
    finally:
        browser.close()


@contextmanager
def running(folder: Path, http: str, ready: Callable[[], bool]) -> Iterator[None]:
    """nginx with that inside of its http block, from when it is ready on."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    kept = "\n".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    own = "user root root;\n" if os.geteuid() == 0 else ""  # else the temporary folders would be another user's
    (folder / "nginx.conf").write_text(
        f"{own}worker_processes 1;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n"
        f"events {{ worker_connections 64; }}\nhttp {{\naccess_log off;\n{kept}\n{http}\n}}\n"
    )
    words = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    subprocess.run([*words, "-t"], check=True, capture_output=True, text=True)
    process = subprocess.Popen([*words, "-g", "daemon off;"])
    try:
        until = time.monotonic() + START_S
        while not ready():
            assert process.poll() is None and time.monotonic() < until, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)
