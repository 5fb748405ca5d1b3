"""What a shared server says in several places."""

from app.base.i18n import _


def not_offered(why: str) -> str:
    """A recipe that goes beyond what the form offers."""
    return _("This run cannot be started from a page: {why}. On the command line it can.").format(why=why)


def read_only() -> str:
    return _("This server is read-only: nothing is trained, changed or removed here, and no folder is opened.")


def not_yours() -> str:
    return _("Another visitor began this, or whoever runs this server; only they can change it.")
