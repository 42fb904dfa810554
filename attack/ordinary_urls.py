"""Callback URLs as real partners write them.

Owns a generator with a fixed seed: none of these may be refused.
"""

from random import Random

_TOPS = (
    "com",
    "io",
    "co.uk",
    "net",
    "org",
    "finance",
    "exchange",
    "de",
    "com.br",
    "bank",
    "app",
    "xn--p1ai",
    "dev",
    "eu",
)
_NAMES = (
    "acme",
    "northwind-pay",
    "blue-harbor",
    "zenith24",
    "n26like",
    "my-fintech",
    "x1",
    "3commas",
    "pay2",
    "xn--mnchen-3ya",
)
_SUBS = (
    "api",
    "hooks",
    "webhooks",
    "eu-west-1.prod",
    "staging_env",
    "a.b.c.d.e",
    "kraken_embed",
    "_in",
    "svc-01.k8s",
    "v2",
)
_WORDS = (
    "webhooks",
    "payward",
    "v1",
    "v2.1",
    "in",
    "events",
    "incoming_hooks",
    "callback",
    "b2b",
    "a-b-c",
    "T0AB12",
    "~tenant",
)
_ODD = ("%2F", "%20", "%C3%BC", "+", "a=b", "x;y", "(1)", "!", "$", ",", "@home", ":8", "*", "'q'")
_QUERIES = (
    "token=4f8a9b2c1d",
    "code=Zm9vYmFy%3D%3D&tenant=12",
    "sig=a-b_c.d~e&sv=2021-06-01&sp=%2Ftriggers%2Fmanual%2Frun",
    "key=a+b&next=https://elsewhere.example/x?y=1",
    "x",
    "a=1&a=2",
    "filter[type]=event",
    "",
)
_LONGEST = 2048


def urls(count: int) -> list[str]:
    """Return so many different ones."""
    chance = Random(4)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_one(chance)] = None
    return list(found)


def host_of(url: str) -> str:
    return url.removeprefix("https://").partition("/")[0].partition("?")[0].partition(":")[0].lower()


def _one(chance: Random) -> str:
    below = [chance.choice(_SUBS) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
    host = ".".join([*below, chance.choice(_NAMES), chance.choice(_TOPS)])
    if chance.random() < 0.1:
        host = host.upper()
    port = chance.choice(("", "", "", ":443", ":8443"))
    path = _path(chance)
    query = "?" + chance.choice(_QUERIES) if chance.random() < 0.5 else ""
    return f"https://{host}{port}{path}{query}"[:_LONGEST]


def _path(chance: Random) -> str:
    shape = chance.random()
    if shape < 0.05:
        return ""
    if shape < 0.1:
        return "/" + "/".join(chance.choice(_WORDS) for _ in range(chance.randint(100, 180)))
    parts = [chance.choice(_WORDS + (_ODD if shape < 0.5 else ())) for _ in range(chance.randint(1, 5))]
    # An empty part in the middle, a dot and a trailing slash are odd, and no reason to refuse anybody.
    middle = [*parts, *chance.choice(([], [], [""], ["."], ["", "x"], [f"{chance.getrandbits(128):032x}"]))]
    return "/" + "/".join(middle)
