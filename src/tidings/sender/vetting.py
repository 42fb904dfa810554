"""May these addresses be called? All of them, or none.

Owns the rule for a whole answer (security.md section 2). Refuses to judge a single address: that is
``core.callback_url.EgressRules``.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import TypeAlias

from tidings.core.addresses import MOST_ANSWERS
from tidings.core.callback_url import EgressRules

Judge: TypeAlias = Callable[[tuple[str, ...], int], bool]
"""From all addresses of a host, and the port, to whether the host may be called."""

_REMEMBERED = 4_096


def judge_by(rules: EgressRules) -> Judge:
    """Return the judge for ``rules``. One forbidden address among many forbids the host, and so do too many."""

    @lru_cache(maxsize=_REMEMBERED)
    def are_allowed(addresses: tuple[str, ...], port: int) -> bool:
        if not 0 < len(addresses) <= MOST_ANSWERS:
            return False
        return all(rules.admits(ip_address(address), port) for address in addresses)

    return are_allowed
