"""Who runs the command line."""

import os
import pwd
import socket

from tidings.core.audit import Actor, ActorKind


def invoker() -> Actor:
    """Return the account of the operating system that this process runs under, and the machine's name."""
    return Actor(ActorKind.COMMAND_LINE, _account(os.getuid()), socket.gethostname())


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        # Nobody by name, as in a container that was given a number.
        return str(number)
