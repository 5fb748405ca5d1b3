"""The languages of the screen, of figures and captions: gettext catalogues, one `.po` file a language, in this folder.

    catalogues.py  which languages there are, and their messages
    placeholders.py  whether a translation fits its message

The functions here mark a message that is written down before it is known who reads it; whoever shows it translates it.
`pybabel extract` finds what they mark.
"""

from __future__ import annotations


def N_(message: str) -> str:
    """The message itself, marked for extraction."""
    return message


def NC_(context: str, message: str) -> str:
    """The same for a message that has other translations elsewhere: `pgettext(context, message)` translates it."""
    return message
