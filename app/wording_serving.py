"""What a shared server says."""

from app import language

language.speaks(__name__)

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

STRANGE_HOST = "This server does not go by that name. Whoever runs it can add the name to MVFA_HOSTS."
STRANGE_ORIGIN = "This was asked from a page of another site, and only pages of this server may ask."
