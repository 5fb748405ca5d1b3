"""Networks that are had by their names: downloaded once, or from what was downloaded before, one at a time.

Not in the line before the network or before files: nobody's picture waits for somebody's download.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies

from mvfa_core.adoption.adopt import found
from mvfa_core.adoption.amount import bytes_of

PATIENCE_S = 3.0
"""How long the hub may take to answer at all; its own library tries for more than a minute."""
_ONE = threading.Lock()


def fetch(name: str) -> int:
    """Have the files of a network (timm:NAME, torchvision:NAME, hf-hub:OWNER/NAME) in the caches; the bytes it takes.

    Raises:
        ValueError: no such name, or it could not be downloaded; the sentence says why.
    """
    with _ONE, _at_once():
        return bytes_of(found(name, None).network)


@contextmanager
def _at_once() -> Iterator[None]:
    """Where the hub cannot be reached, its library looks in its cache alone, and says at once what is not there."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _reachable(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _reachable(address: str) -> bool:
    """Whether somebody answers there; what stands behind a proxy is taken to be."""
    asked = urlsplit(address)
    if getproxies().get(asked.scheme):
        return True
    try:
        port = asked.port or (443 if asked.scheme == "https" else 80)
        socket.create_connection((asked.hostname or "", port), timeout=PATIENCE_S).close()
    except OSError:
        return False
    return True
