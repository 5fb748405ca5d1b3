"""The shared server as its recipes have it: the files of the Containerfile, its command, and nginx in front of it.

One server for all of them: closed by a passcode, and read-only. The tests of nginx skip where there is none.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserType, Locator, Page, expect

from app.base.wording import wording
from app.server.auth import COOKIE
from app.server.passcode_tries import MOST_EACH
from mvfa_core.checkpoints import bundled
from tests.e2e.conftest import START_S, settle
from tests.load import contained, nginx
from tests.load.host import ROOT, free_port
from tests.load.nginx import needs_nginx

CODE = "sesame-9"
NAME = "mfa.example.org"


class Shared:
    """The server of the Containerfile, in a folder that stands for the container's."""

    def __init__(self, folder: Path) -> None:
        recipe = contained.read()
        contained.put(recipe, folder / "home")
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        places = ((recipe.home, str(folder / "home")), ("/var/lib/mvfa", str(folder / "kept")))
        told = {name: re.sub("|".join(a for a, _ in places), lambda m: dict(places)[m[0]], value)
                for name, value in recipe.environment.items()}  # fmt: skip
        (folder / "passcode").write_text(CODE + "\n")
        told |= {"HOST": "127.0.0.1", "PORT": str(self.port), "MVFA_HOSTS": f"127.0.0.1,{NAME}", "MVFA_READ_ONLY": "1"}
        told |= {"MVFA_PASSCODE_FILE": str(folder / "passcode"), "MVFA_UPLOAD_MB": "2", "MVFA_THREADS": "1"}
        (folder / "tmp").mkdir()
        told |= {"TMPDIR": str(folder / "tmp")}
        python, *rest = recipe.command
        assert python == "python"
        with (folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *rest], cwd=folder / "home", env={**os.environ, **told}, stdout=log, stderr=log
            )

    def wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"the server did not start:\n{(self.folder / 'server.log').read_text()}")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    server = Shared(tmp_path_factory.mktemp("shared"))
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)
    assert not list((server.folder / "tmp").glob("mvfa-uploads-*")), "what visitors brought goes with the server"


@pytest.fixture(scope="module")
def proxy(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx with docs/nginx.conf: other ports, names of files and nothing else; the address it answers at."""
    folder = tmp_path_factory.mktemp("nginx")
    key, certificate = nginx.certificate(folder, NAME)
    secret = subprocess.run(["openssl", "passwd", "-6", "a pass"], check=True, capture_output=True, text=True).stdout
    (folder / "users").write_text(f"ada:{secret}")
    recipe = (ROOT / "docs" / "nginx.conf").read_text()
    named = {"/etc/nginx/mfa_users": str(folder / "users"), "/etc/ssl/mfa/key.pem": str(key),
             "/etc/ssl/mfa/fullchain.pem": str(certificate), "127.0.0.1:8501": f"127.0.0.1:{shared.port}",
             "client_max_body_size 21m": "client_max_body_size 3m"}  # fmt: skip
    for there, here in named.items():
        assert there in recipe
        recipe = recipe.replace(there, here)
    port, named_port = free_port(), free_port()
    open_to_all = recipe.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    by_name = recipe[recipe.index("server {") :].replace("listen 443 ssl", f"listen 127.0.0.1:{named_port} ssl")
    by_name = by_name.replace("# auth_basic ", "auth_basic ").replace("# auth_basic_user_file", "auth_basic_user_file")
    with nginx.running(folder, f"{open_to_all}\n{by_name}", lambda: get(f"https://127.0.0.1:{port}/healthz")[0] == 200):
        yield f"https://127.0.0.1:{port} https://127.0.0.1:{named_port}"


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def get(url: str, data: bytes | None = None, method: str | None = None, **headers: str) -> tuple[int, str, str]:
    """Status, body and cookie; status 0 if nobody answers."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=trusting))
    try:
        answer = opener.open(urllib.request.Request(url, data, headers, method=method), timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    except OSError:
        return 0, "", ""
    with answer:
        return answer.status, answer.read().decode("utf-8", "replace"), answer.headers.get("Set-Cookie", "")


def enter(url: str, code: str = CODE) -> tuple[int, str, str]:
    return get(f"{url}/enter", urllib.parse.urlencode({"code": code, "to": "/"}).encode())


# --- the Containerfile ---


def test_the_container_file_names_what_is_there() -> None:
    recipe = contained.read()
    assert recipe.home and recipe.command[1:] == ["-m", "app.server"]
    for sources, _ in recipe.copies:
        for source in sources:
            assert (ROOT / source).exists(), source
    ignored = {line.strip("/") for line in (ROOT / ".containerignore").read_text().split()}
    assert not ignored & {source for sources, _ in recipe.copies for source in sources}
    pins = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("-e")]
    assert all("==" in line or line.startswith("#") or not line for line in pins)
    assert "grep -v '^-e' requirements.txt > pins.txt && pip install -r pins.txt" in recipe.runs


def test_what_it_copies_is_enough_and_its_health_check_works(shared: Shared) -> None:
    """The server of these tests runs from that folder alone."""
    assert any(str(shared.folder / "home" / "app" / "main.py") in word
               for word in psutil.Process(shared.process.pid).cmdline())  # fmt: skip
    python, *rest = contained.read().check
    words = [word.replace(":8501/", f":{shared.port}/") for word in rest]
    assert python == "python" and words != rest
    assert subprocess.run([sys.executable, *words], check=False).returncode == 0


# --- nginx ---


@needs_nginx
def test_the_recipe_passes_the_app_on(proxy: str) -> None:
    url = proxy.split()[0]
    assert get(f"{url}/healthz")[:2] == (200, '{"status":"ok"}')
    assert get(f"{url}/", accept="text/html")[0] == 401
    status, _, cookie = enter(url)
    assert status == 303 and "Secure" in cookie and "HttpOnly" in cookie, "the app knows that it was TLS"
    told = json.loads(get(f"{url}/healthz", Cookie=cookie.split(";")[0])[1])
    assert told["read_only"] and told["memory_mb"] > 0


@needs_nginx
def test_the_recipe_limits_uploads(shared: Shared, proxy: str) -> None:
    """Before a byte of it reaches the app, which has a limit of its own."""
    url = proxy.split()[0]
    cookie = enter(url)[2].split(";")[0]
    path = "/_stcore/upload_file/session/file"
    assert get(url + path, bytes(4 * 2**20), "PUT", Cookie=cookie)[0] in (0, 413)  # nginx may close before all is sent
    assert get(shared.url + path, bytes(100), "PUT", Cookie=cookie)[0] in (400, 403), "a forged one is refused"


@needs_nginx
def test_names_for_visitors(proxy: str) -> None:
    url = proxy.split()[1]
    assert get(f"{url}/healthz")[0] == 401
    assert get(f"{url}/healthz", Authorization="Basic YWRhOndyb25n")[0] == 401
    assert get(f"{url}/healthz", Authorization="Basic YWRhOmEgcGFzcw==")[0] == 200


@needs_nginx
@pytest.mark.browser
def test_a_page_and_its_websocket_through_nginx(
    proxy: str, browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> None:
    with nginx.browsing(browser_type, browser_type_launch_args) as context:
        page = context.new_page()
        page.goto(f"{proxy.split()[0]}/runs")
        page.get_by_label("Passcode").fill(CODE)
        page.get_by_label("Passcode").press("Enter")
        settle(page)
        expect(
            page.get_by_text(
                "This server is read-only: nothing is trained, changed or removed here, and no folder is opened."
            )
        ).to_be_visible()


# --- a visitor ---


@pytest.mark.browser
def test_a_visitor_enters_and_changes_nothing(shared: Shared, page: Page) -> None:
    """A wrong passcode, the right one, and the pages where things would be started: they say so, and nothing can be."""
    page.goto(f"{shared.url}/train?steps=30")
    field = page.get_by_label("Passcode")
    expect(field).to_be_focused()
    assert page.evaluate("fetch('/healthz').then(answer => answer.json())") == {"status": "ok"}
    field.fill("not it at all")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the passcode.")
    field.fill(CODE)
    page.get_by_role("button", name="Enter").click()
    settle(page)
    expect(page).to_have_url(re.compile("/train"))
    assert CODE not in page.url and COOKIE not in page.evaluate("document.cookie")
    assert page.evaluate("fetch('/healthz').then(answer => answer.json())")["read_only"] is True
    for path in ("/train", "/runs", "/evaluate"):
        page.goto(shared.url + path)
        settle(page)
        expect(
            page.get_by_text(
                "This server is read-only: nothing is trained, changed or removed here, and no folder is opened."
            )
        ).to_be_visible()
        for button in page.get_by_role("button", name=re.compile("^(Start|Look at|Train|Race)")).all():
            assert button.is_disabled(), button.inner_text()
        assert str(shared.folder) not in page.locator("body").inner_text()
    assert not (shared.folder / "kept" / "runs").exists()


@pytest.mark.browser
def test_two_visitors_have_nothing_of_each_other(shared: Shared, browser: Browser) -> None:
    """Ada's model is there when she opens the page again; the same address asks Bob for a model of his own."""
    ada, bob = (enter_in_browser(shared, browser.new_context().new_page()) for _ in range(2))
    cookies = [{one["name"]: one for one in page.context.cookies()}["mvfa_visitor"] for page in (ada, bob)]
    assert all(one["httpOnly"] and one["sameSite"] == "Lax" for one in cookies)
    assert cookies[0]["value"] != cookies[1]["value"]
    own_models(ada).locator("input[type=file]").set_input_files(bundled()["compact_gap"])
    expect(ada).to_have_url(re.compile(r"[?&]model=uploaded"))
    settle(ada)
    remove = "Remove {name}".format(name=wording.plain("compact_gap")).replace("\\", "")
    ada.reload()
    settle(ada)
    expect(own_models(ada).get_by_role("button", name=remove)).to_be_visible()
    bob.goto(ada.url)
    settle(bob)
    expect(
        bob.get_by_text("Your own model is not on this server any more. Upload it again to go on with it.")
    ).to_be_visible()
    field = own_models(bob)
    expect(field.locator("input[type=file]")).to_be_attached()
    expect(field.get_by_role("button", name=remove)).to_have_count(0)
    lain = list((shared.folder / "tmp").glob("mvfa-uploads-*/*/*.safetensors"))
    assert len(lain) == 1 and lain[0].stat().st_mode & 0o077 == 0
    for page in (ada, bob):
        page.context.close()


def enter_in_browser(shared: Shared, page: Page) -> Page:
    """The first page, in a browser that was never here."""
    page.goto(shared.url)
    page.get_by_label("Passcode").fill(CODE)
    page.get_by_role("button", name="Enter").click()
    settle(page)
    return page


def own_models(page: Page) -> Locator:
    """What stands behind the button for a model of one's own, open."""
    page.get_by_role("button", name="Use your own model").click()
    return page.get_by_test_id("stPopoverBody").filter(has=page.locator("input[type=file]"))


def test_strangers_are_slowed_down_each_for_themselves(shared: Shared) -> None:
    """For one address behind the proxy, and not for another; what a visitor says of himself comes before it."""
    code = urllib.parse.urlencode({"code": "a guess", "to": "/"}).encode()
    forged = [{"X-Forwarded-For": f"198.51.100.{n}, 192.0.2.7"} for n in range(MOST_EACH + 1)]
    assert [get(f"{shared.url}/enter", code, **one)[0] for one in forged] == [401] * MOST_EACH + [429]
    assert get(f"{shared.url}/enter", code, **{"X-Forwarded-For": "198.51.100.1, 192.0.2.8"})[0] == 401
    assert CODE not in (shared.folder / "server.log").read_text()


@needs_nginx
def test_guesses_through_nginx_hold_up_who_guesses_and_nobody_else(proxy: str) -> None:
    """Two visitors with addresses of their own. The last of the tests: it uses up a minute of 127.0.0.2."""
    url = urllib.parse.urlsplit(proxy.split()[0])

    def enter_from(address: str, code: str, **headers: str) -> int:
        form = {"Content-Type": "application/x-www-form-urlencoded", "Host": url.netloc, **headers}
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        line = http.client.HTTPSConnection(url.netloc, timeout=30, context=trusting, source_address=(address, 0))
        with contextlib.closing(line):
            line.request("POST", "/enter", urllib.parse.urlencode({"code": code, "to": "/"}), form)
            return line.getresponse().status

    forged = [{"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"198.51.100.{n}"} for n in range(MOST_EACH + 2)]
    assert [enter_from("127.0.0.2", "a guess", **one) for one in forged] == [401] * MOST_EACH + [429] * 2
    assert enter_from("127.0.0.1", "a guess") == 401
    assert enter_from("127.0.0.1", CODE) == 303
    assert enter_from("127.0.0.2", CODE) == 429
