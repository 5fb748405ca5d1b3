"""Bring a dataset of the catalogue below the data root: downloaded, or from what the user already has."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from filelock import FileLock

from mvfa_core.data.archives import gather
from mvfa_core.data.catalogue import entry_of
from mvfa_core.data.check import Report, inspect
from mvfa_core.data.download import fetch
from mvfa_core.data.layouts import find
from mvfa_core.data.sets import DataError, Progress, silent
from mvfa_core.folders import data_root


def acquire(
    name: str,
    sources: list[Path] | None = None,
    *,
    replace: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> Report:
    """Put a dataset into `<data root>/<name>`, whole or not at all, and say what is there.

    Args:
        sources: archives, folders and .txt lists that together are the dataset; None downloads it.
        replace: whether what is there already may go.
        encoding: of names in archives that do not say it; the likeliest if not given.

    Raises:
        DownloadError: a file cannot be had now; what came is kept for the next call.
        DataError: an unknown name, no download for it, unusable sources, or something is there already.
    """
    entry, place = entry_of(name), data_root() / name
    if sources is None and not entry.remotes:
        raise DataError(f"{name}: cannot be downloaded from here; {entry.instructions}")
    data_root().mkdir(parents=True, exist_ok=True)
    with FileLock(data_root() / f".{name}.lock"):
        if place.exists() and not replace:
            raise DataError(f"{name}: {place} is there already; --replace puts the new one in its place")
        downloads = data_root() / ".downloads" / name
        files = sources or [fetch(remote, downloads, progress=progress) for remote in entry.remotes]
        part, old = data_root() / f".{name}.part", data_root() / f".{name}.old"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            gather(files, part, encoding=encoding, progress=progress)
            find(part, entry)  # what has none of the layouts is not let in
            if place.exists():
                shutil.rmtree(old, ignore_errors=True)
                os.replace(place, old)
            os.replace(part, place)
        except DataError as error:
            if sources is None:  # what has no checksum may be what is wrong, and must not be taken again
                for remote in entry.remotes:
                    if remote.checksum is None:
                        (downloads / remote.file).unlink(missing_ok=True)
            raise DataError(str(error).replace(part.name, name)) from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(downloads, ignore_errors=True)
    return inspect(place, entry)
