"""``tidings`` as it is attacked: ``python -m attack.serve [--forgetful] [--bug NAME] -- serve --port 8080``."""

import argparse
import sys

from attack import bugs
from tidings.__main__ import main as tidings
from tidings.sender import resolver


def main() -> None:
    """Weaken what is asked for, then be ``tidings``."""
    arguments = _arguments()
    if arguments.forgetful:
        # An answer may be reused for 30 seconds; without that the attacker's name server is asked at every attempt.
        resolver.REUSED = resolver.FAILURE_REUSED = 0
    if arguments.bug is not None:
        bugs.BUGS[arguments.bug]()
    sys.argv = ["tidings", *arguments.command]
    tidings()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="attack.serve")
    parser.add_argument("--forgetful", action="store_true", help="ask the name servers at every attempt")
    parser.add_argument("--bug", choices=sorted(bugs.BUGS), help="a weakness that the attacks must notice")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    main()
