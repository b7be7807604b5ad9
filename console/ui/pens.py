"""How text is drawn on a terminal, and the shortest sequence from one way to another."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.color import ColorSystem
    from rich.style import Style

_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("blink2", "6"),
    ("reverse", "7"),
    ("conceal", "8"),
    ("strike", "9"),
    ("underline2", "21"),
    ("frame", "51"),
    ("encircle", "52"),
    ("overline", "53"),
)
"""Rich's name of each attribute, and the parameter that switches it on."""

_OFF = {
    "22": frozenset(("1", "2")),
    "23": frozenset("3"),
    "24": frozenset(("4", "21")),
    "25": frozenset(("5", "6")),
    "27": frozenset("7"),
    "28": frozenset("8"),
    "29": frozenset("9"),
    "54": frozenset(("51", "52")),
    "55": frozenset(("53",)),
}
"""The parameters that switch attributes off, each with those that it does."""

UNSEEN = frozenset(("1", "2", "3", "8"))
"""The attributes that a blank does not show."""


class Pen(NamedTuple):
    """Attributes, colour of the text and colour behind it, as SGR parameters; empty is the terminal's own."""

    attributes: frozenset[str] = frozenset()
    ink: str = ""
    ground: str = ""

    @property
    def on_blanks(self) -> Pen:
        """What of it a blank shows."""
        return Pen(ground=self.ground) if self.attributes <= UNSEEN else self

    def blank_like(self, other: Pen) -> Pen:
        """The pen nearest to this one whose blanks look like those of `other`."""
        if other.on_blanks == self.on_blanks:
            return self
        if not other.attributes <= UNSEEN:
            return other
        return Pen(self.attributes & UNSEEN, self.ink, other.ground)


PLAIN = Pen()
"""How a terminal draws that was told nothing."""


@lru_cache(maxsize=1024)
def pen(style: Style | None, colours: ColorSystem | None) -> Pen:
    """The pen for a style on a terminal with so many colours; None for one without."""
    if style is None:
        return PLAIN
    attributes = frozenset(code for name, code in _ATTRIBUTES if getattr(style, name))
    if colours is None:
        return Pen(attributes)
    ink, ground = (
        ";".join(colour.downgrade(colours).get_ansi_codes(front)) if colour is not None else ""
        for colour, front in ((style.color, True), (style.bgcolor, False))
    )
    return Pen(attributes, "" if ink == "39" else ink, "" if ground == "49" else ground)


@lru_cache(maxsize=4096)
def change(before: Pen, after: Pen) -> str:
    """The shortest sequence that makes one pen of another; empty where they are equal."""
    if before == after:
        return ""
    lost, had = before.attributes - after.attributes, before.attributes
    codes: list[str] = []
    for off, ends in _OFF.items():
        if lost & ends:
            codes.append(off)
            had -= ends
    codes += sorted(after.attributes - had)
    if after.ink != before.ink:
        codes.append(after.ink or "39")
    if after.ground != before.ground:
        codes.append(after.ground or "49")
    anew = ["0", *sorted(after.attributes), after.ink, after.ground]
    return min((f"\x1b[{';'.join(filter(None, found))}m" for found in (codes, anew)), key=len)
