"""How this server is shared, as its environment says: for one person on this machine, or for a class.

    MVFA_READ_ONLY      1: nothing is started, stopped, changed or removed here, and no folder is opened
    MVFA_PASSCODE       what visitors must enter first; or better MVFA_PASSCODE_FILE, a file that holds it
    MVFA_THREADS        how many threads the network may use (default: torch's choice, where shared one fewer)
    MVFA_START          what a page shows where its address names no model or picture, as an address has it:
                        model=compact_mfa&picture=scene-23

`python -m app.server`, which is `make serve`, starts a shared server with them. Without any of it the app is open,
complete and on this machine alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import parse_qsl

from mvfa_core.names import visible
from mvfa_core.processes import SHARED

P = ParamSpec("P")

YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
SHORTEST = 6
"""Letters of a passcode: short enough for a blackboard, and guessing is slowed down."""
ROOT = Path(__file__).resolve().parents[2]
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


# --- what is shown first ---


@dataclass(frozen=True)
class Start:
    """The model and the picture of an address that names none, by their names in addresses."""

    model: str = "lite0_imagenet"
    picture: str = "photo-rocket"


def start(told: str | None = None) -> Start:
    """What `MVFA_START` says; each that it does not name is our own choice.

    Args:
        told: as the environment has it, with the question mark of an address or without.

    Raises:
        ValueError: another name than model and picture, or one without a value.
    """
    text = (os.environ.get("MVFA_START", "") if told is None else told).strip().removeprefix("?")
    try:
        named = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True)) if text else {}
    except ValueError:
        named = {"": ""}
    if not all(name in ("model", "picture") and value for name, value in named.items()):
        raise ValueError(f"MVFA_START: expected model=NAME&picture=NAME, got {visible(text)!r:.80}")
    return Start(**named)


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
        from app.base.wording import wording_serving

        raise ReadOnlyError(wording_serving.read_only())


def changing(action: Callable[P, Any]) -> Callable[P, Any]:
    """The action, which a read-only server refuses with `ReadOnlyError`."""

    @wraps(action)
    def guarded(*args: P.args, **options: P.kwargs) -> Any:
        must_be_open()
        return action(*args, **options)

    return guarded
