"""`python -m app.server`: a shared server, as the environment says."""

import sys

from app.server.command import main

main(sys.argv[1:])
