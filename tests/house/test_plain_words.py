"""Phrases that newcomers did not understand, and that usual ones have replaced, stay off the screen, out of --help and
out of the documents."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path

import pytest

from tests.house.translations import template

ROOT = Path(__file__).parents[2]
REPLACED = (
    "It says", "the object spans", "Where the evidence lies", "speaks for the class", "speak for the class",
    "times H·W, so its unit", "It needs no label", "Evidence, not cause", "evidence, not cause",
    "The network saw further", "The verdict, class by class", "Auxiliary head", "Main head", "near doubles",
    "One range", "Own ranges", "squashed, not cropped", "Drawn scenes", "outside the ten shapes",
    "Do the maps say the same", "Label dial", "label dial", "All classes alike", "own unit",
    "Ask the model without parts", "Centre (no model)", "By falling A", "Where do the views start",
    "The ledger", "the ledger", "of different minds", "Which size helps", "How firmly it stands", "Carry it",
    "Overturn it", "say about this part alone", "Where each finds its evidence", "The region each is surest by",
    "Surest regions", "How alike their maps", "small objects drown", "is sure =", "what the backbone hands over",
    "heads pay for", "views that pay most", "What stayed?", "Ask again", "Begin anew", "Not looked at yet",
    "Look at them", "a process of its own", "Side of the split", "Earlier ones", "answered rightly",
    "at least this uneven", "What is taken for what", "Hold a GAP model against it", "as sure as it should be",
    "Take it with you", "a folder of mine", "a zip of mine", "Which figure goes into the paper", "By rule",
    "Side by side (0: all)", "give it back below", "Make one again", "found by their digests", "A run is a folder",
    "Put it in line", "Measure a few steps", "One step at a time", "Device and end", "Attention as it appears",
    "ace it with its GAP twin", "Every training becomes a folder", "Bring a run in", "Begun", "ticked",
    "ours beside theirs", "of the steps, our", "Ask before telling", "class room", "a link does not carry",
    "a picture that can be read here", "in the order data flows",
)  # fmt: skip


def replaced_in(text: str) -> list[str]:
    """The phrases in a text, however its lines are broken."""
    whole = re.sub(r"\s+", " ", text)
    return [phrase for phrase in REPLACED if re.search(rf"(?<!\w){re.escape(phrase)}", whole)]


def test_none_is_on_the_screen() -> None:
    forms = [form for message in template() if message.id and message.context != "class"
             for form in (message.id if isinstance(message.id, tuple) else (message.id,))]  # fmt: skip
    found = {form: phrases for form in forms if (phrases := replaced_in(form))}
    assert found == {}


def test_none_is_in_help() -> None:
    from mvfa_core.__main__ import parser

    def helps(command: ArgumentParser) -> list[str]:
        inner = [action.choices.values() for action in command._actions if isinstance(action.choices, dict)]
        below = [text for some in inner for one in some if isinstance(one, ArgumentParser) for text in helps(one)]
        return [command.format_help(), *below]

    texts = helps(parser())
    assert len(texts) > 10 and not [phrases for text in texts if (phrases := replaced_in(text))]


DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_none_is_in_a_document(document: Path) -> None:
    assert replaced_in(document.read_text(encoding="utf-8")) == []


def test_a_phrase_is_found_across_lines() -> None:
    assert replaced_in("Choose your folder") == [] and replaced_in("a folder\n   of mine") == ["a folder of mine"]
    assert replaced_in("The verdict, class\nby class") == ["The verdict, class by class"]
