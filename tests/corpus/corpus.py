"""More than three hundred files that are not what they should be, made by script from a seed into a folder.

    PYTHONPATH=. python -m tests.corpus.corpus FOLDER

Each kind has a module of its own beside this one. A `Bad` says what is wrong with a file; `taken` marks those that are
odd and yet to be used: refusing them would be as wrong as falling over them.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SEED = 2026


@dataclass(frozen=True)
class Bad:
    """One file or folder. `taken`: True if it must be used, False if it must be refused, None if either will do."""

    kind: str
    what: str
    path: Path
    taken: bool | None = False

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


class Shelf:
    """Where the files of one kind are put: `put` writes bytes under a name of their own."""

    def __init__(self, folder: Path, kind: str, seed: int = SEED) -> None:
        self.folder, self.kind = folder / kind, kind
        self.folder.mkdir(parents=True)
        self.found: list[Bad] = []
        self.draw = random.Random(f"{seed} {kind}")

    def place(self, name: str) -> Path:
        """A path of that last name in a folder of its own."""
        own = self.folder / f"{len(self.found):03}"
        own.mkdir()
        return own / name

    def put(self, what: str, name: str, data: bytes | str, taken: bool | None = False) -> Path:
        path = self.place(name)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return self.note(what, path, taken)

    def note(self, what: str, path: Path, taken: bool | None = False) -> Path:
        self.found.append(Bad(self.kind, what, path, taken))
        return path

    def spoil(self, what: str, name: str, data: bytes, cuts: int, flips: int) -> None:
        """Copies that are cut off, and copies with a few bytes changed. Some of the latter are still good."""
        for _ in range(cuts):
            at = self.draw.randrange(1, len(data))
            self.put(f"{what}, cut off after {at} of {len(data)} bytes", name, data[:at], None)
        for _ in range(flips):
            copy = bytearray(data)
            places = [self.draw.randrange(len(copy)) for _ in range(self.draw.randint(1, 6))]
            for place in places:
                copy[place] = self.draw.randrange(256)
            self.put(f"{what}, other bytes at {sorted(places)}", name, bytes(copy), None)


def make(folder: Path, seed: int = SEED) -> list[Bad]:
    """All of them; the same seed gives the same files."""
    from tests.corpus import bad_archives, bad_boxes, bad_folders, bad_models, bad_pictures

    kinds: dict[str, Callable[[Shelf], None]] = {
        "picture": bad_pictures.fill,
        "archive": bad_archives.fill,
        "boxes": bad_boxes.fill,
        "model": bad_models.fill,
        "run": bad_folders.fill_runs,
        "parcel": bad_archives.fill_parcels,
        "evaluation": bad_folders.fill_evaluations,
        "results": bad_folders.fill_results,
        "list": bad_folders.fill_lists,
    }
    found: list[Bad] = []
    for kind, fill in kinds.items():
        shelf = Shelf(folder, kind, seed)
        fill(shelf)
        found += shelf.found
    return found


if __name__ == "__main__":
    made = make(Path(sys.argv[1]))
    for one in made:
        print(f"{one.path}\t{one}")
    print(f"{len(made)} files", file=sys.stderr)
