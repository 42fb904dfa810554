"""Text that a stranger chose, shown so that it is only ever text.

Owns what is made visible: control, zero-width and direction characters, lone surrogates and odd spaces become small
labels; the rest is isolated, so that it cannot turn the direction of what stands beside it.
"""

import re
import unicodedata

import msgspec
from markupsafe import Markup, escape

from tidings.core.instants import MILLISECOND, SECOND, Instant, rfc3339_micros

_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")
_NOT_PLAIN_IN_BLOCK = re.compile(r"[^\x20-\x7e\n\t]")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
"""Letters and marks by their category, but nothing to see."""
_DAY = 86_400 * SECOND
_UNITS = (
    (MILLISECOND, SECOND, "ms"),
    (SECOND, 100 * SECOND, "s"),
    (60 * SECOND, 6_000 * SECOND, "min"),
    (3_600 * SECOND, 4 * _DAY, "h"),
)
"""The size of a unit, and up to where it is used."""
_TOKEN = re.compile(r'(?P<text>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?|(?P<word>-?\d[\d.eE+-]*|true|false|null)')


def shown(value: object) -> Markup:
    """Return a stranger's text for one line."""
    return Markup("<bdi>{}</bdi>").format(_labelled(str(value), _NOT_PLAIN))


def shown_block(value: object) -> Markup:
    """Return a stranger's text that may have lines; for a block of its own."""
    return _labelled(str(value), _NOT_PLAIN_IN_BLOCK)


def shown_json(text: str) -> Markup:
    """Return JSON with its lines and colours; what is no JSON is shown as it is."""
    try:
        pretty = msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return shown_block(text)
    parts: list[Markup] = []
    end = 0
    for token in _TOKEN.finditer(pretty):
        parts += [shown_block(pretty[end : token.start()]), _coloured(token)]
        end = token.end()
    return Markup("").join([*parts, shown_block(pretty[end:])])


def plain(value: object) -> str:
    """Return a stranger's text for a place that holds no markup: a title, an attribute."""
    return _NOT_PLAIN.sub(lambda letter: _name(letter[0]) if _is_unseen(letter[0]) else letter[0], str(value))


def moment(value: Instant | None) -> Markup:
    """Return a moment in UTC; the script turns it into local time and keeps UTC for who points at it."""
    if value is None:
        return Markup('<span class="none">–</span>')
    text = rfc3339_micros(value)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(text, text[:-1].replace("T", " "), utc(value))


def utc(value: Instant) -> str:
    """Spell a moment where there is no markup, in whole seconds."""
    return f"{rfc3339_micros(value)[:19].replace('T', ' ')} UTC"


def span(micros: int | None) -> str:
    """Spell a length of time as people say it."""
    if micros is None:
        return "–"
    for size, most, unit in _UNITS:
        if abs(micros) < most:
            return f"{micros / size:.3g} {unit}"
    return f"{micros / _DAY:.0f} d"


def number(value: float) -> str:
    """Spell a number with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def _coloured(token: re.Match[str]) -> Markup:
    kind = "word" if token["word"] else "key" if token["key"] else "string"
    return Markup('<span class="json-{}">{}</span>{}').format(
        kind, shown_block(token["word"] or token["text"]), token["key"] or ""
    )


def _labelled(text: str, odd: re.Pattern[str]) -> Markup:
    parts: list[str] = []
    end = 0
    for letter in odd.finditer(text):
        if _is_unseen(letter[0]):
            parts += [escape(text[end : letter.start()]), _label(letter[0])]
            end = letter.end()
    return Markup("").join([*parts, escape(text[end:])])


def _label(letter: str) -> Markup:
    return Markup('<span class="unseen" title="{}">{}</span>').format(
        unicodedata.name(letter, "a character that is not shown"), _name(letter)
    )


def _name(letter: str) -> str:
    return f"U+{ord(letter):04X}"


def _is_unseen(letter: str) -> bool:
    return letter in _BLANK_LETTERS or unicodedata.category(letter) in _UNSEEN
