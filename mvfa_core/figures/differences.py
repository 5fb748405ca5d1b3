"""What changed between a figure and the same figure made again, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mvfa_core.figures.recipe import FigureProvenance
from mvfa_core.names import visible

NAMED = 3
LONGEST = 400


def differences(before: FigureProvenance, now: FigureProvenance) -> list[str]:
    """Sentences, the causes first; empty if nothing changed. `same_data` says whether what is plotted did."""
    # the recipe from before may be a stranger's
    return [
        visible(sentence, LONGEST)
        for sentence in (
            *_models(before.models, now.models),
            *_pictures(before.pictures, now.pictures),
            *_runs(before.runs, now.runs),
            *_options(before, now),
            *_versions(before.versions, now.versions),
            *_arrays(before, now),
        )
    ]


def same_data(before: FigureProvenance, now: FigureProvenance) -> bool:
    """Whether the same numbers and pixels are plotted, bit for bit."""
    return before.data == now.data


def _models(before: Sequence[dict], now: Sequence[dict]) -> Iterator[str]:
    if len(before) != len(now):
        yield f"models: {len(before)} then, {len(now)} now"
        return
    for old, new in zip(before, now, strict=True):
        if old.get("digest") != new["digest"]:
            yield (f"model {new['name']}: another checkpoint (SHA-256 {str(old.get('digest'))[:12]} then, "
                   f"{new['digest'][:12]} now)")  # fmt: skip
            if isinstance(config := old.get("config"), dict):
                yield from _fields(f"model {new['name']}", config, new["config"])


def _pictures(before: Sequence[dict], now: Sequence[dict]) -> Iterator[str]:
    if len(before) != len(now):
        yield f"pictures: {len(before)} then, {len(now)} now"
        return
    for place, (old, new) in enumerate(zip(before, now, strict=True), start=1):
        if old.get("digest") != new["digest"]:
            size = (
                "" if old.get("size") == new["size"] else f", {_size(old.get('size'))} then, {_size(new['size'])} now"
            )
            yield f"picture {place} ({new['where']}): other pixels{size}"


def _size(size: Any) -> str:
    return " x ".join(map(str, size)) + " px" if isinstance(size, list) else "unknown size"


def _runs(before: Sequence[dict], now: Sequence[dict]) -> Iterator[str]:
    if len(before) != len(now):
        yield f"runs: {len(before)} then, {len(now)} now"
        return
    for old, new in zip(before, now, strict=True):
        if old.get("recipe") != new.get("recipe"):
            yield f"run {new['name']}: another recipe"
        if old.get("digest") != new.get("digest"):
            yield f"model {new['name']}: other weights"


def _options(before: FigureProvenance, now: FigureProvenance) -> Iterator[str]:
    yield from _fields("option", before.request.to_json()["options"], now.request.to_json()["options"])


def _versions(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    yield from _fields("version", before, now)


def _fields(what: str, before: dict, now: dict) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old != new:
            yield f"{what}: {name} was {_told(old)}, is {_told(new)}"


def _told(value: Any) -> str:
    return (
        "not there" if value is None else ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    )


def _arrays(before: FigureProvenance, now: FigureProvenance) -> Iterator[str]:
    """Which plotted arrays differ, the first few with their ranges."""
    old = {str(one.get("name")): one for one in before.arrays}
    new = {one["name"]: one for one in now.arrays}
    changed = [name for name in new if name in old and old[name].get("digest") != new[name]["digest"]]
    for name in changed[:NAMED]:
        if "least" in new[name]:
            a, b = old[name], new[name]
            yield f"data: {name} went from {a.get('least')} to {a.get('most')}, now from {b['least']} to {b['most']}"
    if len(changed) > NAMED:
        yield f"data: {len(changed)} of {len(new)} plotted arrays differ"
    if lost := [name for name in old if name not in new]:
        yield f"data: no longer there are {', '.join(lost[:NAMED])}" + (" and others" if len(lost) > NAMED else "")
    if fresh := [name for name in new if name not in old]:
        yield f"data: new are {', '.join(fresh[:NAMED])}" + (" and others" if len(fresh) > NAMED else "")
