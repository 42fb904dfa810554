"""Lengths of time as an option: ``90s``, ``30m``, ``24h``, ``7d``, or a number of seconds."""

import re

import typer

from tidings.core.instants import SECOND, Span

_SPELT = re.compile(r"([0-9]{1,9})([smhd]?)", re.ASCII)
_UNITS = {"": SECOND, "s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND}


def duration(text: str) -> Span:
    """Read a length of time."""
    found = _SPELT.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no length of time, like 90s, 30m, 24h or 7d")
    return int(found[1]) * _UNITS[found[2]]
