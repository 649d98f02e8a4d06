"""What people read: every message as a short text in their language, within the limits of their channel. Pure.

The most important comes first: what happened to which ticket, how late, whose turn, what to do, by which clause, and
the link to say "I am on it". `compose` writes a text, `holds` says how many alerts one digest can list.
May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

from alerting.texts.composition import compose, holds

__all__ = ["compose", "holds"]
