"""Which statuses an operation may be refused with, by what it is about."""

OPEN = frozenset({500})
ALWAYS = OPEN | {401, 403, 503}
OF_ONE = ALWAYS | {404}
WITH_BODY = frozenset({400, 408, 413})
