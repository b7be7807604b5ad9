"""The filter: one small language for the screen and the shell."""

from __future__ import annotations

from msgspec import Struct


class Filter(Struct, frozen=True, kw_only=True):
    """A conjunction of terms."""


EVERYTHING = Filter()
