"""What the Containerfile says, carried out without a container: its files, its environment and its command."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.load.host import ROOT


@dataclass
class Recipe:
    """The lines of a Containerfile that a test can follow; `home` is its WORKDIR."""

    home: str = ""
    copies: list[tuple[list[str], str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    check: list[str] = field(default_factory=list)


def read(file: Path = ROOT / "Containerfile") -> Recipe:
    found = Recipe()
    text = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "WORKDIR":
            found.home = rest
        elif word == "COPY":
            *sources, target = rest.split()
            found.copies.append((sources, target))
        elif word == "ENV":
            found.environment |= dict(one.split("=", 1) for one in shlex.split(rest))
        elif word == "RUN":
            found.runs.append(rest)
        elif word == "CMD":
            found.command = json.loads(rest)
        elif word == "HEALTHCHECK":
            found.check = json.loads(rest.partition("CMD")[2])
    return found


def put(recipe: Recipe, folder: Path, root: Path = ROOT) -> None:
    """Copy what it copies into a folder that stands for its WORKDIR."""
    folder.mkdir()
    for sources, target in recipe.copies:
        for source in sources:
            here = root / source
            there = folder / target / (here.name if target.endswith("/") or target == "." else "")
            if here.is_dir():
                shutil.copytree(here, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(here, there)
