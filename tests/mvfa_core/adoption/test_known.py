"""The names that are offered are names that can be built."""

from __future__ import annotations

from mvfa_core.adoption.known import known_names
from mvfa_core.adoption.sources import parsed


def test_names_are_known() -> None:
    names = known_names()
    assert len(set(names)) == len(names) > 1000
    assert {"torchvision:resnet18", "timm:resnet18"} <= set(names)
    assert [str(parsed(name)) for name in names[::97]] == list(names[::97])
