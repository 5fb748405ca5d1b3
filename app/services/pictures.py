"""Pictures by their name: of the gallery, and of data sets. Shared by all sessions, read-only, bounded by bytes."""

from __future__ import annotations

from app.services import dataset_pictures, gallery
from app.services.cache import cached
from app.services.gallery import Picture
from mvfa_core.data.catalogue import CATALOGUE


def specimen(picture_id: str) -> Picture:
    """A picture of the gallery or of a data set; `KeyError` if there is none of that name for this visitor."""
    if dataset_pictures.is_address(picture_id):
        dataset_pictures.expect_seen(picture_id)
    return _specimen(picture_id)


@cached("pictures", megabytes=128)
def _specimen(picture_id: str) -> Picture:
    if dataset_pictures.is_address(picture_id):
        return dataset_pictures.specimen(picture_id)
    return gallery.specimen(picture_id)


def is_picture(picture_id: str) -> bool:
    """Whether there is a picture of that name."""
    try:
        return bool(specimen(picture_id))
    except KeyError:
        return False


@cached("shown pictures", megabytes=32, key=lambda picture: picture.digest)
def shown(picture: Picture) -> str:
    """A picture as the boards show it, a data URL."""
    return gallery.data_url(picture.picture)


@cached("thumbnails", megabytes=8, key=lambda picture: picture.digest)
def thumbnail(picture: Picture) -> str:
    """A picture as the gallery strip shows it, a data URL."""
    return gallery.thumbnail(picture.picture)


def held_out(data: str) -> list[str]:
    """A few held-out pictures of a set of the catalogue by their address, if it is on this machine."""
    return dataset_pictures.few(data) if data in CATALOGUE else []
