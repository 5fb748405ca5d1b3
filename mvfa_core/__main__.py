"""The command line: `python -m mvfa_core COMMAND`. Parsing and printing only.

Exit status: 0 when it did what was asked, 2 for a wrong request, 1 for a failure; errors are one line.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from mvfa_core.cli import COMMANDS, OLD_NAMES, FailureError
from mvfa_core.files import WRONG_NAME, sentence_of
from mvfa_core.names import visible

LONGEST = 2_000
"""Characters of a complaint."""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {visible(' '.join(message.split()), LONGEST)} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """All commands, each with its own help."""
    top = OneLineParser(prog="python -m mvfa_core", description="Train, evaluate and explain MFA models.")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=OneLineParser)
    for name, module in COMMANDS.items():
        module.add(subparsers.add_parser(name, help=module.HELP, description=module.HELP))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and (name := OLD_NAMES.get(words[0])):
        print(f"{words[0]}: this command is called {name} now", file=sys.stderr)
        words[0] = name
    args = parser().parse_args(words)
    try:
        COMMANDS[args.command].run(args)
    except FailureError as failure:
        return _complain(args.command, str(failure), 1)
    except ValueError as error:
        return _complain(args.command, str(error), 2)
    except BrokenPipeError:
        return 1
    except OSError as error:
        return _complain(args.command, sentence_of(error), 2 if error.errno in WRONG_NAME else 1)
    except MemoryError:
        return _complain(args.command, "it takes more memory than there is; what was saved before is kept", 1)
    except KeyboardInterrupt:
        return _complain(args.command, "interrupted; what was saved is kept", 1)
    except Exception as error:
        return _complain(args.command, f"{type(error).__name__}: {error}", 1)
    return 0


def _complain(command: str, message: str, status: int) -> int:
    print(f"{command}: {visible(' '.join(message.split()), LONGEST)}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
