"""The options that a recipe has on the command line: one for every field that is declared as one."""

from __future__ import annotations

import argparse
from typing import Any

from mvfa_core.training.recipe_fields import Declared, declared
from mvfa_core.training.recipes import Recipe


def add_recipe_options(parser: argparse.ArgumentParser, recipe_class: type[Recipe] = Recipe) -> None:
    """An option for every field, None where it is not given: what a recipe starts from is not known here."""
    for name, about in declared(recipe_class).items():
        if about.option:
            parser.add_argument(option(name), help=about.help.replace("%", "%%"), **_value(about))


def _value(about: Declared) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "choice": {"choices": about.choices},
        "switch": {"choices": about.choices, "nargs": "?", "const": "on"},
        "whole": {"type": int},
        "number": {"type": float},
        "wholes": {"type": int, "nargs": "+"},
    }
    return kinds.get(about.kind, {}) | ({"metavar": about.metavar} if about.metavar else {})


def option(name: str) -> str:
    """The option of a field."""
    return "--" + name.replace("_", "-")


def given(args: argparse.Namespace, recipe_class: type[Recipe] = Recipe) -> dict[str, Any]:
    """The fields that the command line names, with their values."""
    named = {name: getattr(args, name, None) for name in declared(recipe_class)}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in named.items() if value is not None
    }
