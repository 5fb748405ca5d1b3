"""Nothing public is left out of the properties: read from the sources, every function and every class that computes or
parses is named in a property, or stands below with the reason why it is not.

A property is a test under `@given`; what its helpers in the same module name counts as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

NOT_DRAWN: dict[str, tuple[str, ...]] = {}


def sources(root: Path, *packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module by its dotted name."""
    for package in packages:
        for file in sorted((root / package).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, ast.parse(file.read_text(encoding="utf-8"))


def public(root: Path) -> set[str]:
    """What has to be covered: functions without a line in front, and classes that compute or refuse."""
    found = set()
    for module, tree in sources(root, "mvfa_core", "app"):
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                if not isinstance(node, ast.ClassDef) or does_something(node):
                    found.add(f"{module}.{node.name}")
    return found


def does_something(node: ast.ClassDef) -> bool:
    """Whether a class is more than a record: it looks at its fields, or has methods that others call."""
    if any("Protocol" in ast.unparse(base) for base in node.bases):
        return False
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(one.name in ("__post_init__", "__call__") or not one.name.startswith("_") for one in methods)


def drawn(root: Path) -> set[str]:
    """Everything of ours that a property names."""
    found: set[str] = set()
    for file in sorted((root / "tests" / "hostile").glob("test_properties*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        known = dict(names_of(tree))
        bodies = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        waiting = [node for node in bodies.values() if isinstance(node, ast.FunctionDef) and is_property(node)]
        seen = set()
        while waiting:
            node = waiting.pop()
            seen.add(node.name)
            told = set(used(node))
            waiting += [bodies[name] for name in told & bodies.keys() - seen]
            for name in told:
                first, _, rest = name.partition(".")
                if first in known:
                    found.add(known[first] + (f".{rest}" if rest else ""))
    return found


def is_property(node: ast.FunctionDef) -> bool:
    return node.name.startswith("test_") and any(ast.unparse(one).startswith("given(") for one in node.decorator_list)


def names_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What an import calls what."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def used(node: ast.AST) -> Iterator[str]:
    """Names that are read in a body, and the first two parts of dotted ones."""
    body = node.body if isinstance(node, ast.FunctionDef) else [node]
    for one in (child for part in body for child in ast.walk(part)):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            yield f"{one.value.id}.{one.attr}"


def violations(root: Path, reasons: dict[str, tuple[str, ...]]) -> list[str]:
    """One sentence for every gap, and for every reason that is none any more."""
    wanted, covered = public(root), drawn(root)
    excused: set[str] = set()
    found = []
    for reason, patterns in reasons.items():
        for pattern in patterns:
            meant = {name for name in wanted if fnmatchcase(name, pattern)}
            if not meant - covered:
                found.append(f"{pattern}: listed as {reason!r}, and nothing that is not drawn bears that name")
            if "*" not in pattern and meant & covered:
                found.append(f"{pattern}: listed as {reason!r}, and a property names it")
            excused |= meant
    return sorted(found + [f"{name}: no property names it" for name in wanted - covered - excused])


def test_nothing_public_is_left_out() -> None:
    found = violations(ROOT, NOT_DRAWN)
    assert not found, "\n".join(found)
