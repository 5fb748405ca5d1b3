"""What a shared server says."""

from app.base import i18n
from app.base.wording import wording_serving as here

i18n.speaks(__name__)

READ_ONLY = "This server is read-only: nothing is trained, changed or removed here, and no folder is opened."
READ_ONLY_PAGE = READ_ONLY + " What is there can be looked at."

PASSCODE_TITLE = "Passcode"
PASSCODE_TEXT = "This server is for those who were told its passcode."
PASSCODE_FIELD = "Passcode"
PASSCODE_ENTER = "Enter"
PASSCODE_WRONG = "That is not the passcode."
PASSCODE_SLOW = "Too many wrong passcodes from your address: wait a minute and try again."
PASSCODE_CROWD = "Too many people are entering at once: wait a few seconds and try again."
PASSCODE_NEEDED = "A passcode is needed: open the first page in a browser."

NOT_OFFERED = "This run cannot be started from a page: {why}. On the command line it can."
PLACE_CLOSED = "Its pictures or weights lie where this server opens nothing to visitors."
EXPORT_LARGE = "The run is too large to be downloaded from a page; `runs export` writes it into a file."
LINE_FULL = "{most} runs wait for their turn already; start this one when some are done."

DISK_FULL = (
    "What visitors began here takes as much of the disk as it may, {megabytes:,} MB. Whoever runs this server can make "
    "room; runs that were removed count until they are forgotten."
)
MANY_PAGES = "You have more than {most} pages of this server open. Close some of them, then load this one again."

STRANGE_HOST = "This server does not go by that name. Whoever runs it can add the name to MVFA_HOSTS."
STRANGE_ORIGIN = "This was asked from a page of another site, and only pages of this server may ask."


QUOTA = (
    "This would be more than the {megabytes} MB that one visitor may bring here. Remove a picture or a model of yours, "
    "then try again; what you have brought so far is kept."
)
QUOTA_ALL = (
    "Visitors have brought as much as this server holds, {megabytes} MB. Try again later; what you have brought so far "
    "is kept."
)
NOT_YOURS = "Another visitor began this, or whoever runs this server; only they can change it."
KEY_USED = "The pictures of this link are now among yours, on Train and Evaluate."
KEY_UNKNOWN = "This link opens no pictures: its key is wrong, or they were removed."


def not_offered(why: str) -> str:
    """A recipe that goes beyond what the form offers."""
    return here.NOT_OFFERED.format(why=why)
