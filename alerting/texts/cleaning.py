"""Foreign text made harmless: ids, titles and names of units cannot become markup, mention anybody or hide anything.

Robots read `<at ...>` and `<@...>` as a mention even in plain text, and no two markdowns escape alike. So what could
be markup is written as its full-width twin: it reads the same and means nothing to a machine. What is usual in an id
(letters, digits, `-` `_` `.` `/` `:`) stays as it is, so that it can be copied. Only `alerting.texts` imports this.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

ELLIPSIS: Final = "…"
LINK_BYTES_MAX: Final = 2048
FOREIGN_MAX: Final = 1000
"""Longer foreign text is cut before anything else: ids have at most 256 characters."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9.:-]+").fullmatch
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EVERYWHERE: Final = {ord(mark): chr(ord(mark) + 0xFEE0) for mark in "<>@"}
_MARKDOWN: Final = _EVERYWHERE | {ord(mark): chr(ord(mark) + 0xFEE0) for mark in "\\`*[]~&"}
_LONE_UNDERSCORE: Final = re.compile(r"(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])")
_LINK_SAFE: Final = "%/:?#@$&+,;=~-._"  # what an address may hold as it is; brackets would end a link of markdown


def foreign(text: str, *, markdown: bool) -> str:
    """Text from outside on one line, without control characters and marks of direction, and without any markup.

    Empty only where nothing visible was there. An address in it is no link any more.
    """
    if _PLAIN(text):
        return text[:FOREIGN_MAX]
    text = text[:FOREIGN_MAX]
    seen = "".join(" " if char in "\t\n\r" else char for char in text)
    seen = "".join(char for char in seen if unicodedata.category(char) not in _INVISIBLE)
    seen = " ".join(seen.split()).replace("://", "：//")
    if not markdown:
        return seen.translate(_EVERYWHERE)
    return _LONE_UNDERSCORE.sub(lambda found: "＿" * len(found[0]), seen.translate(_MARKDOWN))


def link(url: str | None) -> str:
    """An address as one word that ends where it ends; empty for one that is none or too long to be one."""
    if not url or not url.startswith(("https://", "http://")):
        return ""
    quoted = quote(url.encode(errors="replace"), safe=_LINK_SAFE)
    return quoted if len(quoted) <= LINK_BYTES_MAX else ""


def size(text: str) -> int:
    """Its bytes in UTF-8."""
    return len(text.encode())


def head(text: str, limit: int) -> str:
    """The first so many bytes: never part of a character, nor a letter without its accent."""
    if size(text) <= limit:
        return text
    kept = text.encode()[: max(limit, 0)].decode(errors="ignore")
    end = len(kept)
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end]


def shortened(text: str, limit: int) -> str:
    """A text within so many bytes, with a mark at the end where something is missing."""
    if size(text) <= limit:
        return text
    return head(text, limit - size(ELLIPSIS)).rstrip() + ELLIPSIS if limit >= size(ELLIPSIS) else ""


def middle_cut(text: str, limit: int) -> str:
    """An id within so many bytes: its beginning and its end, for ids differ at the end."""
    if size(text) <= limit:
        return text
    room = limit - size(ELLIPSIS)
    if room < 2:
        return shortened(text, limit)
    front = head(text, room - room // 2)
    back = text.encode()[-(room // 2) :].decode(errors="ignore")
    start = len(text) - len(back)
    while start < len(text) and unicodedata.combining(text[start]):
        start += 1
    return front + ELLIPSIS + text[start:]
