"""What a validator says of JSON, in the words of JSON.

Owns the names of kinds: who sends JSON need not know the language that reads it.
"""

import re

_KINDS = re.compile(r"(?P<side>Expected|got) `(?P<kinds>[^`]+)`")
_EXPECTED = {"str": "string", "datetime": "string", "int": "whole number", "float": "number", "bool": "boolean"}
_GOT = {**_EXPECTED, "int": "number"}
_NO_MOMENT = "Invalid RFC3339 encoded datetime"


def in_json_words(said: str) -> str:
    """Return a validator's message about one value as a clause of ours."""
    if said == _NO_MOMENT:
        return "is no moment in RFC 3339, like 2025-01-15T10:30:00Z"
    # A regular expression comes as Python spells it.
    words = _KINDS.sub(_named, said).replace(r"\\Z", "$").replace(r"\\", "\\")
    return words[:1].lower() + words[1:]


def _named(found: re.Match[str]) -> str:
    names = _GOT if found["side"] == "got" else _EXPECTED
    return f"{found['side']} {' or '.join(names.get(kind, kind) for kind in found['kinds'].split(' | '))}"
