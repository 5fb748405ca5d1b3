"""The command that starts a shared server, from the settings in the environment.

Read here, beside those of `app.base.settings`: HOST, PORT, MVFA_UPLOAD_MB, MVFA_HOSTS, MVFA_PROXIES, MVFA_BASE_PATH and
those of `app/services/quota.py` and `app/services/limits.py`.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Mapping, Sequence

from app.base.settings import NO, ROOT, base_path, number, serving, switch
from mvfa_core.names import visible
from mvfa_core.processes import SHARED

MOST_PORT = 65_535
HERE = ("localhost", "127.0.0.1")
"""Names under which this machine may always ask: no other site can be called so."""
PROXIES = "127.0.0.1,::1"
"""Whose X-Forwarded-For and X-Forwarded-Proto are believed where MVFA_PROXIES does not say."""


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
