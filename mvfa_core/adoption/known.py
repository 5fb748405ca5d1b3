"""The names that a network can be asked for by."""

from __future__ import annotations

from functools import cache

from mvfa_core.adoption.sources import TIMM, TORCHVISION, torchvision_names


@cache
def known_names() -> tuple[str, ...]:
    """All classifiers of torchvision and timm, as "torchvision:NAME" and "timm:NAME"."""
    import timm

    names = {TORCHVISION: torchvision_names(), TIMM: timm.list_models()}
    return tuple(f"{library}:{name}" for library, known in names.items() for name in known)
