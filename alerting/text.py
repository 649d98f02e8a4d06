"""The shape of a text for people, and what a channel allows: the contract between texts and receivers. Pure.

`alerting.texts` writes texts, receivers send them. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Language = Literal["zh", "en"]


class Limits(msgspec.Struct, frozen=True):
    """What a channel takes, in bytes of UTF-8: title (0: it has none) and body. `markdown`: it renders markdown."""

    title_bytes: int
    body_bytes: int
    markdown: bool = False


class Text(msgspec.Struct, frozen=True):
    """A text within the limits of its channel: a title without line breaks, and a body of lines."""

    title: str
    body: str
