"""What visitors brought: models, until they have left, and the pictures of zips.

On a server of one's own all of it is the owner's, and stays until a button removes it or the server ends. On a shared
one a model goes with its visitor; the pictures of a zip stay for a day after the last visit, and as long as a run needs
them, because the run's recipe names their folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
import streamlit as st

from app.base import session
from app.base.i18n import _
from app.base.permissions import GIVEN, LONGEST, TEMPORARY, NotYoursError, given, is_own, own, visitors_root, whole
from app.base.settings import shared
from app.base.visitors import HERE, me
from app.base.wording import wording_serving
from app.services import loaded_models, quota
from app.services.cache import forget as forget_cached
from mvfa_core.data import uploads as zips_on_disk
from mvfa_core.data.sets import Progress, silent
from mvfa_core.data.uploads import Upload
from mvfa_core.files import read_json, replace_text, whole_file

OWN_PREFIX = "uploaded/"
"""How the names of models begin that visitors brought."""
KEPT_S = 24 * 3600
"""How long a visitor's zips stay after the last visit, unless a run needs them."""
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


# --- models ---


@dataclass(frozen=True)
class OwnModel:
    """A model that a visitor brought: its whole digest, the name of its file for people, where it lies, its bytes."""

    name: str
    title: str
    file: Path
    size: int


_models: dict[str, dict[str, OwnModel]] = {}


@cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-"))


def models() -> dict[str, OwnModel]:
    """This visitor's models by their names, the oldest first."""
    return dict(_models.get(me(), {}))


def keep_model(content: bytes, title: str) -> str:
    """Keep a checkpoint for this visitor alone; the name it has.

    Raises:
        CheckpointError: it is none. QuotaError: there is too much already. OSError: it cannot be written.
    """

    def write(file: Path) -> None:
        with whole_file(file, durable=False) as opened:
            opened.write(content)

    return keep_made(hashlib.sha256(content).hexdigest(), title, len(content), write)


def keep_made(name: str, title: str, size: int, write: Callable[[Path], None]) -> str:
    """Keep a model that `write` puts into the file it is given, of about `size` bytes, for this visitor alone.

    Args:
        name: a digest of all that the model depends on; one that is held already is not made again.

    Raises:
        CheckpointError: it is none. QuotaError: there is too much already. OSError: it cannot be written.
    """
    mine = _models.setdefault(me(), {})
    if name in mine:
        return name
    quota.expect_room(size)
    file = own_folder() / f"uploaded-{name}.safetensors"
    try:
        write(file)
        file.chmod(0o600)
        size = file.stat().st_size
        quota.expect_room(size)
        # the page asks for it next, and loading is what takes long
        loaded_models.model(str(file), file.stat().st_mtime_ns)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    mine[name] = OwnModel(name, title, file, size)
    return name


def own_folder() -> Path:
    """This visitor's folder for models, which nobody else can enter."""
    folder = _temporary() / me()
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def titles() -> dict[str, str]:
    """How one's own models are shown: by the names of their files, not by the digests that tell them apart."""
    return {OWN_PREFIX + name: OWN_PREFIX + model.title for name, model in models().items()}


def remove_model(name: str) -> None:
    """Take one of this visitor's models away."""
    if gone := _models.get(me(), {}).pop(name, None):
        gone.file.unlink(missing_ok=True)


def away(visitor: str) -> None:
    """Forget what was computed with a visitor's models, now that none of the visitor's lines stands; the files stay."""
    forget_cached(_temporary() / visitor)


def forget(visitor: str) -> None:
    """Take away what is held of a visitor who has left."""
    away(visitor)
    _models.pop(visitor, None)
    shutil.rmtree(_temporary() / visitor, ignore_errors=True)


def end() -> None:
    """At the end of the server: no model of anybody is left."""
    _models.clear()
    shutil.rmtree(_temporary(), ignore_errors=True)
    _temporary.cache_clear()


def begin() -> None:
    """At the start of the server: remove what servers left behind that were killed, and zips nobody came back for."""
    for left in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        number = left.name.removeprefix(TEMPORARY).partition("-")[0]
        mine = not left.is_symlink() and left.stat().st_uid == os.getuid() if hasattr(os, "getuid") else True
        if mine and not (number.isdigit() and psutil.pid_exists(int(number))):
            shutil.rmtree(left, ignore_errors=True)
    if shared():
        _clear_zips()


# --- pictures that came as a zip ---


def zips() -> list[Upload]:
    """The zips on offer to this visitor: all there are, or on a shared server one's own and those one was given."""
    if me() == HERE:
        return zips_on_disk.uploads()
    with suppress(OSError):  # none yet
        os.utime(own())  # a sign of life, for `_clear_zips`
    return [*zips_on_disk.uploads(own()), *(Upload(folder) for folder in given() if folder.is_dir())]


def keep_zip(archive: Path, title: str, progress: Progress = silent, encoding: str | None = None) -> Upload:
    """Unpack a zip for this visitor. `encoding` is that of the names in it; the likeliest if not given.

    Raises:
        DataError: as `mvfa_core.data.uploads.keep`. QuotaError: there is too much already.
    """
    if me() == HERE:
        return zips_on_disk.keep(archive, title, encoding=encoding, progress=progress)
    quota.expect_room(archive.stat().st_size)
    room = quota.most_each() - quota.LEDGER.held()[me()]
    for folder in (visitors_root(), own()):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    most = max(0, room)
    upload = zips_on_disk.keep(archive, title, encoding=encoding, progress=progress, root=own(), most_bytes=most)
    _size.cache_clear()
    return upload


def remove_zip(upload: Upload, in_use: list[str]) -> None:
    """Take a zip's pictures away. Raises `DataError` where a run may need them, `NotYoursError` where they were given
    by another."""
    if not is_own(upload.folder):
        raise NotYoursError(wording_serving.not_yours())
    zips_on_disk.remove(upload, in_use)
    _size.cache_clear()


def key_for(upload: Upload) -> str:
    """A new key to a zip's pictures, for whoever shall see them too. It cannot be guessed, and is kept nowhere."""
    if not is_own(upload.folder):
        raise NotYoursError(wording_serving.not_yours())
    key = secrets.token_urlsafe(32)
    keys = visitors_root() / ".keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    (keys / _hashed(key)).write_text(json.dumps(whole(upload.folder).relative_to(whole(visitors_root())).as_posix()))
    return key


def use_key(key: str) -> bool:
    """Whether a key opens a zip's pictures; they are then on offer to this visitor as well."""
    if me() == HERE or not _KEY.fullmatch(key):
        return False
    try:
        place = str(read_json(visitors_root() / ".keys" / _hashed(key), LONGEST))
    except (OSError, ValueError):
        return False
    folder = whole(visitors_root()) / place
    if not folder.is_dir() or not folder.resolve().is_relative_to(visitors_root().resolve()):
        return False
    if not is_own(folder) and folder not in given():
        own().mkdir(mode=0o700, parents=True, exist_ok=True)
        told = [one.relative_to(whole(visitors_root())).as_posix() for one in (*given(), folder)]
        replace_text(own() / GIVEN, json.dumps(told))
    return True


def heed_key() -> None:
    """At the start of a page: a key in the address is used, and taken out of it, so that no other link gives it on."""
    key = st.query_params.get(session.KEY)
    if key is not None:
        del st.query_params[session.KEY]
        opened = use_key(key)
        st.toast(
            _("The pictures of this link are now among yours, on Train and Evaluate.")
            if opened
            else _("This link opens no pictures: its key is wrong, or they were removed.")
        )


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _clear_zips() -> None:
    from mvfa_core.training.archive import removed
    from mvfa_core.training.runs import list_runs

    needed = " ".join(_data_of(run) for run in (*list_runs(), *removed()))
    for folder in visitors_root().iterdir() if visitors_root().is_dir() else ():
        unused = not folder.name.startswith(".") and abs(time.time() - folder.stat().st_mtime) > KEPT_S
        if unused and str(whole(folder)) not in needed:
            shutil.rmtree(folder, ignore_errors=True)


def _data_of(run: object) -> str:
    with suppress(ValueError, OSError):
        return str(run.recipe().data)  # type: ignore[attr-defined]
    return ""


# --- how much it is ---


@cache
def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _kept() -> dict[str, int]:
    """Bytes that lie in folders, by visitor."""
    found = {visitor: sum(one.size for one in mine.values()) for visitor, mine in list(_models.items())}
    for folder in visitors_root().iterdir() if shared() and visitors_root().is_dir() else ():
        if not folder.name.startswith("."):
            found[folder.name] = found.get(folder.name, 0) + _size(whole(folder))
    return found


quota.LEDGER.kept = _kept
