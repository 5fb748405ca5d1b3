"""How this server is shared, as its environment says: for one person on this machine, or for a class.

    MVFA_READ_ONLY      1: nothing is started, stopped, changed or removed here, and no folder is opened
    MVFA_PASSCODE       what visitors must enter first; or better MVFA_PASSCODE_FILE, a file that holds it
    MVFA_THREADS        how many threads the network may use (default: torch's choice)

`python -m app.serving`, which is `make serve`, starts a shared server with them, and with HOST, PORT, MVFA_UPLOAD_MB,
MVFA_HOSTS, MVFA_PROXIES, MVFA_BASE_PATH and those of `app/quota.py` and `app/limits.py`. Without any the app is open,
complete and on this machine alone.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from mvfa_core.names import visible

P = ParamSpec("P")

YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
MOST_PORT = 65_535
SHORTEST = 6
"""Letters of a passcode: short enough for a blackboard, and guessing is slowed down."""
ROOT = Path(__file__).resolve().parents[1]
HERE = ("localhost", "127.0.0.1")
"""Names under which this machine may always ask: no other site can be called so."""
PROXIES = "127.0.0.1,::1"
"""Whose X-Forwarded-For and X-Forwarded-Proto are believed where MVFA_PROXIES does not say."""
SHARED = "MVFA_SHARED"
SECRET = ("MVFA_PASSCODE", "MVFA_PASSCODE_FILE")
_taken: list[str] = []
"""The passcode, once it has left the environment."""


class ReadOnlyError(PermissionError):
    """Asked of a server that changes nothing; the sentence says so."""


@dataclass(frozen=True)
class Serving:
    """One choice of how to share.

    Raises:
        ValueError: a passcode that is too short, or a number out of range.
    """

    read_only: bool = False
    passcode: str = field(default="", repr=False)
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.passcode and len(self.passcode) < SHORTEST:
            raise ValueError(f"MVFA_PASSCODE: expected at least {SHORTEST} characters, got {len(self.passcode)}")
        if any(0xD800 <= ord(letter) < 0xE000 for letter in self.passcode):
            raise ValueError("MVFA_PASSCODE: expected UTF-8, got bytes that are none")
        if self.threads is not None and not 1 <= self.threads <= 256:
            raise ValueError(f"MVFA_THREADS: expected 1 to 256, got {self.threads}")


def serving(environment: Mapping[str, str] | None = None) -> Serving:
    """What the environment says.

    Raises:
        ValueError: a value that cannot be understood, or a file of the passcode that cannot be read. A server that is
            meant to be closed must not open because of a slip.
    """
    told = os.environ if environment is None else environment
    passcode = _passcode(told) or (_taken[0] if environment is None and _taken else "")
    return Serving(switch(told, "MVFA_READ_ONLY"), passcode, number(told, "MVFA_THREADS"))


def take() -> Serving:
    """As `serving`, for the server itself: from now on the passcode is known to this module alone, and no process that
    is started here inherits it.

    Raises:
        ValueError: as `serving`.
    """
    asked = serving()
    _taken[:] = [asked.passcode] if asked.passcode else []
    for name in SECRET:
        os.environ.pop(name, None)
    return asked


def shared() -> bool:
    """Whether others than the owner come here: `make serve`, a passcode, or a read-only server."""
    closed = bool(_taken) or any(os.environ.get(name, "").strip() for name in SECRET)
    return closed or switch(os.environ, SHARED) or read_only()


def read_only() -> bool:
    """Whether this server changes nothing."""
    return switch(os.environ, "MVFA_READ_ONLY")


def switch(told: Mapping[str, str], name: str) -> bool:
    """A setting that is on or off; `ValueError` for what is neither."""
    value = told.get(name, "").strip().lower()
    if value not in (*YES, *NO):
        raise ValueError(f"{name}: expected 1 or 0, got {value!r:.40}")
    return value in YES


def number(told: Mapping[str, str], name: str) -> int | None:
    """A setting that is a whole number, None if it is not there; `ValueError` for another thing."""
    value = told.get(name, "").strip()
    if value and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ValueError(f"{name}: expected a whole number, got {value!r:.40}")
    return int(value) if value else None


def _passcode(told: Mapping[str, str]) -> str:
    file = told.get("MVFA_PASSCODE_FILE", "").strip()
    if not file:
        return told.get("MVFA_PASSCODE", "").strip()
    try:
        passcode = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"MVFA_PASSCODE_FILE: cannot be read ({type(error).__name__})") from None
    if not passcode:
        raise ValueError("MVFA_PASSCODE_FILE: expected a passcode, got an empty file")
    return passcode


# --- where the app lives on its server ---

_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]{1,100}")


def base_path(told: str | None = None) -> str:
    """The path below which the app answers: "" at the root of its server, else "/tools/mvfa", without a last slash.

    Args:
        told: as somebody writes it, with slashes or without; by default Streamlit's setting `server.baseUrlPath`.

    Raises:
        ValueError: what cannot stand in an address.
    """
    if told is None:
        from streamlit import config

        told = config.get_option("server.baseUrlPath") or ""
    inner = told.strip(" /")
    parts = inner.split("/") if inner else []
    if not all(_SEGMENT.fullmatch(part) for part in parts):
        raise ValueError(
            "MVFA_BASE_PATH: expected a path such as tools/mvfa, of letters, digits and . _ ~ -, "
            f"got {visible(told)!r:.80}"
        )
    return "".join(f"/{part}" for part in parts)


# --- nothing is changed on a read-only server ---


def must_be_open() -> None:
    """To be called before anything is started, changed or removed, and before a folder of the visitor's is opened.

    Raises:
        ReadOnlyError: the server is read-only.
    """
    if read_only():
        from app import wording_serving

        raise ReadOnlyError(wording_serving.READ_ONLY)


def changing(action: Callable[P, Any]) -> Callable[P, Any]:
    """The action, which a read-only server refuses with `ReadOnlyError`."""

    @wraps(action)
    def guarded(*args: P.args, **options: P.kwargs) -> Any:
        must_be_open()
        return action(*args, **options)

    return guarded


# --- a shared server ---


def command(environment: Mapping[str, str] | None = None) -> list[str]:
    """The words that start a shared server, without any secret in them.

    Raises:
        ValueError: a setting that cannot be understood, or an address that others reach without a passcode.
    """
    told = os.environ if environment is None else environment
    asked, host = serving(told), told.get("HOST", "").strip() or "127.0.0.1"
    port, megabytes = number(told, "PORT") or 8501, number(told, "MVFA_UPLOAD_MB") or 20
    if port > MOST_PORT:
        raise ValueError(f"PORT: expected a number from 1 to {MOST_PORT}, got {port}")
    if not (_is_here(host) or asked.passcode or switch(told, "MVFA_OPEN")):
        raise ValueError(
            f"HOST={visible(host)} lets others in: set MVFA_PASSCODE_FILE (or MVFA_PASSCODE), or MVFA_OPEN=1 if "
            "everybody may"
        )
    hosts = [*HERE, *([name.strip() for name in told.get("MVFA_HOSTS", "").split(",") if name.strip()] or _names(host))]
    words = ["run", str(ROOT / "app" / "main.py"), f"--server.address={host}", f"--server.port={port}"]
    words += [f"--server.maxUploadSize={megabytes}", "--server.headless=true"]
    if base := base_path(told.get("MVFA_BASE_PATH", "")):
        words.append(f"--server.baseUrlPath={base[1:]}")
    return words + [f"--server.allowedHosts={name}" for name in dict.fromkeys(hosts)]


def proxies(environment: Mapping[str, str]) -> str:
    """The addresses and networks of reverse proxies, as MVFA_PROXIES names them with commas; "none" for no proxy.

    Raises:
        ValueError: one of them is no address. Everybody (`*`) is none: then the first address that a visitor makes up
            would be believed.
    """
    told = environment.get("MVFA_PROXIES", "").strip()
    if told.lower() in NO[1:] or told.lower() == "none":
        return ""
    named = [name.strip() for name in (told or PROXIES).split(",") if name.strip()]
    for name in named:
        try:
            ipaddress.ip_network(name)
        except ValueError:
            raise ValueError(f"MVFA_PROXIES: expected addresses or networks, got {visible(name)}") from None
    return ",".join(named)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _names(host: str) -> list[str]:
    """Under which names visitors may ask: this machine's own, so that a strange page cannot lend it another."""
    names: list[str] = []
    if not _is_here(host):
        import psutil

        names += [socket.gethostname(), socket.getfqdn(), f"{socket.gethostname()}.local"]
        here = [one for card in psutil.net_if_addrs().values() for one in card]
        names += [one.address for one in here if one.family == socket.AF_INET]
    return list(dict.fromkeys(name.lower() for name in names))


def main(words: Sequence[str] = ()) -> None:
    """Turn into the server."""
    try:
        asked = [*command(), *words]
        os.environ[SHARED] = "1"
        os.environ.setdefault("MVFA_FOLDERS", "")  # the data folder alone
        os.environ["FORWARDED_ALLOW_IPS"] = proxies(os.environ)  # what uvicorn reads
        for name in ("MVFA_VISITOR_MB", "MVFA_VISITORS_MB", "MVFA_RUNS_MB", "MVFA_VISITOR_PAGES"):
            number(os.environ, name)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    os.umask(0o077)  # what visitors bring and train is this server's to read
    os.chdir(ROOT)  # Streamlit's settings lie there
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", *asked])


if __name__ == "__main__":
    main(sys.argv[1:])
