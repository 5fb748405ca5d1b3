"""Fetch one file over HTTP: resumed where it broke off, checked, and under its final name only when it is whole."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from mvfa_core.data.catalogue import Remote
from mvfa_core.data.sets import DataError, Progress, silent

TIMEOUT_S = 30
_BLOCK = 2**18


class DownloadError(DataError):
    """A file that could not be had; the sentence says whether to try again or what to do instead."""


def fetch(remote: Remote, folder: Path, *, progress: Progress = silent) -> Path:
    """The file, from `folder` if it is there already. The progress is in bytes; the total is 0 where it is not told.

    An interrupted download leaves `<file>.part`, and the next call goes on from its end.

    Raises:
        DownloadError: no connection, an answer that is not the file, or another content than expected.
    """
    target = folder / remote.file
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{remote.file}.part"
    try:
        _receive(remote, part, progress)
    except urllib.error.HTTPError as error:
        raise DownloadError(f"{remote.url}: the server answers {error.code} {error.reason}") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        kept = f"; {part.stat().st_size:,} bytes are kept and the next call goes on from there" if part.exists() else ""
        raise DownloadError(f"{remote.url}: cannot be reached or broke off ({reason}){kept}") from None
    _verify(remote, part)
    os.replace(part, target)
    return target


def _receive(remote: Remote, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(remote.url, headers={"User-Agent": "mvfa", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return  # all of it is there, or the checksum will tell
        raise
    with answer:
        goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT and _start(answer) == have
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT and not goes_on:
            raise OSError(f"asked for bytes from {have}, got {answer.headers.get('Content-Range')}")
        have = have if goes_on else 0
        if answer.headers.get_content_type() == "text/html":
            raise OSError("a web page came instead of the file")
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else remote.size or 0
        with part.open("ab" if goes_on else "wb") as out:
            while block := answer.read(_BLOCK):
                out.write(block)
                have += len(block)
                progress(f"downloading {remote.file}", have, total)
    if total and have < total:
        raise OSError(f"{have:,} of {total:,} bytes came")


def _start(answer: http.client.HTTPResponse) -> int:
    """The first byte of a partial answer, from "bytes 100-199/200"."""
    first = answer.headers.get("Content-Range", "").removeprefix("bytes").strip().partition("-")[0]
    return int(first) if first.isdigit() else -1


def _verify(remote: Remote, part: Path) -> None:
    size = part.stat().st_size
    if remote.size is not None and size != remote.size:
        part.unlink()
        raise DownloadError(f"{remote.file}: expected {remote.size:,} bytes, got {size:,}; removed, try again")
    if remote.checksum:
        algorithm, _, wanted = remote.checksum.partition(":")
        with part.open("rb") as file:
            got = hashlib.file_digest(file, algorithm).hexdigest()
        if got != wanted:
            part.unlink()
            raise DownloadError(f"{remote.file}: its {algorithm} is {got}, expected {wanted}; removed, try again")
