"""Becomes another user, and prints each place of the command line that it can connect to.

Owns nothing but sockets: it stands for a service in which every other defence has failed.
"""

import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

_AT_ONCE = 64
_WITHIN_S = 5.0


def main() -> None:
    user, *places = sys.argv[1:]
    # What a socket loads when it is first used, the other user may not be able to read.
    "".encode("idna")
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for place, is_open in zip(places, pool.map(_is_open, places), strict=True):
            if is_open:
                print(place)


def _is_open(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_WITHIN_S).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
