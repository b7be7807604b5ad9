"""Reads the filter language: text to terms, or an error that shows the place and what would be right."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, NamedTuple, NoReturn

from console.domain.display import Shown, line, width
from console.domain.exceptions import ConsoleError
from console.domain.media import MediaType, State
from console.domain.retention import parse_duration
from console.domain.terms import (
    LAPSED,
    DueTerm,
    ErrorTerm,
    Filter,
    FromTerm,
    IdTerm,
    Left,
    Sender,
    StateTerm,
    Term,
    TextTerm,
    TypeTerm,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LONGEST = 1000
"""Characters of a filter that are read; a longer one is refused."""

MOST_TERMS = 64


class FilterError(ConsoleError):
    """A filter that does not read: where (`position`, `length`, in characters of `text`) and why.

    The place is never empty and lies inside the text.
    """

    def __init__(self, what: str, remedy: str, *, text: str, position: int, length: int) -> None:
        super().__init__(what, remedy)
        self.text = text
        self.position = position
        self.length = length

    def pointer(self) -> Shown:
        """Two lines for a terminal: the filter, and carets under the place."""
        start, end = self.position, self.position + self.length
        before, place = line(self.text[:start], LONGEST), line(self.text[start:end], LONGEST)
        carets = " " * width(before) + "^" * max(width(place), 1)
        return Shown(f"{before}{place}{line(self.text[end:], LONGEST)}\n{carets}")


def parse(text: str) -> Filter:
    """Reads a filter; blank text is `EVERYTHING`.

    Raises:
        FilterError: a word is not understood; it says where, and what would be right.
    """
    return Filter(terms=tuple(_Reader(text).terms()))


_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r"([A-Za-z_]+):")
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = re.compile(r"\S+")
_VALUE = re.compile(r"[^\s,]+")
_ESCAPED = re.compile(r'\\(["\\])')
_PHONE = re.compile(r"[+(]*[0-9][0-9 ().+/-]*")

_STATES = {state.value: state for state in State}
_TYPES = {type_.value: type_ for type_ in MediaType} | {"doc": MediaType.DOCUMENT}


class _Value(NamedTuple):
    text: str
    start: int
    end: int


class _Reader:
    """Reads the terms of one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def terms(self) -> Iterator[Term]:
        """The terms in their order.

        Raises:
            FilterError: at the first one that does not read.
        """
        if len(self._text) > LONGEST:
            self._refuse(
                "The filter is too long.", f"Keep it under {LONGEST} characters.", LONGEST, len(self._text)
            )
        count = 0
        while self._skip_space():
            count += 1
            if count > MOST_TERMS:
                self._refuse(
                    "The filter has too many terms.", f"Keep to {MOST_TERMS}.", self._at, len(self._text)
                )
            yield self._term()

    def _skip_space(self) -> bool:
        """Whether anything is left after the blanks."""
        self._at = self._end_of(_SPACE)
        return self._at < len(self._text)

    def _end_of(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        return found.end() if found else self._at

    def _term(self) -> Term:
        start = self._at
        negated = self._text[start] == "-"
        self._at += negated
        if not _WORD.match(self._text, self._at):
            self._refuse(
                "A minus stands alone.",
                "Put it in front of what must not match: -type:image.",
                start,
                self._at,
            )
        field = _FIELD.match(self._text, self._at)
        if field is None:
            value = self._phrase() if self._text[self._at] == '"' else self._plain(_WORD)
            if not self._at_boundary(""):
                self._refuse(
                    "Something follows the closing quote.", "Put a space there.", value.start, self._at + 1
                )
            return TextTerm(text=value.text.casefold(), negated=negated)
        read = self._FIELDS.get(field[1].lower())
        if read is None:
            self._refuse_field(field[1], field.start(), field.end())
        self._at = field.end()
        return read(self, self._values(field.start()), negated)

    def _values(self, start: int) -> list[_Value]:
        """The comma list behind a field that begins at `start`."""
        values: list[_Value] = []
        while True:
            if self._at_boundary(","):
                self._refuse(
                    "A value is missing.", "Write it right behind the colon or comma.", start, self._at
                )
            values.append(self._phrase() if self._text[self._at] == '"' else self._plain(_VALUE))
            if not self._at_boundary(","):
                self._refuse(
                    "Something follows the closing quote.",
                    "Put a comma or a space there.",
                    values[-1].start,
                    self._at + 1,
                )
            if self._text[self._at : self._at + 1] != ",":
                return values
            self._at += 1

    def _at_boundary(self, others: str) -> bool:
        rest = self._text[self._at : self._at + 1]
        return not rest or rest.isspace() or rest in others

    def _plain(self, pattern: re.Pattern[str]) -> _Value:
        start, self._at = self._at, self._end_of(pattern)
        return self._checked(_Value(self._text[start : self._at], start, self._at))

    def _phrase(self) -> _Value:
        start = self._at
        found = _PHRASE.match(self._text, start)
        if found is None:
            self._refuse(
                "The quote is never closed.", 'Put a " at the end of the phrase.', start, len(self._text)
            )
        self._at = found.end()
        if not found[1]:
            self._refuse(
                "The quotes are empty.", "Write the words to search for between them.", start, self._at
            )
        return self._checked(_Value(_ESCAPED.sub(r"\1", found[1]), start, self._at))

    def _checked(self, value: _Value) -> _Value:
        """Refuses what no stored text can match and no database takes: controls and half characters."""
        for index in range(value.start, value.end):
            if unicodedata.category(self._text[index]) in ("Cc", "Cs"):
                self._refuse("There is a control character in the filter.", "Leave it out.", index, index + 1)
        return value

    def _states(self, values: Sequence[_Value], negated: bool) -> Term:
        words = [self._choice(value, [*_STATES, "lapsed"], "state") for value in values]
        states = tuple(_STATES[word] for word in dict.fromkeys(words) if word in _STATES)
        return StateTerm(states=states, lapsed="lapsed" in words, negated=negated)

    def _types(self, values: Sequence[_Value], negated: bool) -> Term:
        types = (_TYPES[self._choice(value, list(_TYPES), "type")] for value in values)
        return TypeTerm(types=tuple(dict.fromkeys(types)), negated=negated)

    def _senders(self, values: Sequence[_Value], negated: bool) -> Term:
        return FromTerm(
            senders=tuple(dict.fromkeys(_sender(value.text) for value in values)), negated=negated
        )

    def _dues(self, values: Sequence[_Value], negated: bool) -> Term:
        return DueTerm(ranges=tuple(dict.fromkeys(map(self._left, values))), negated=negated)

    def _left(self, value: _Value) -> Left:
        word = value.text.casefold()
        if word == "lapsed":
            return LAPSED
        if word[0] not in "<>":
            self._refuse(
                f'due: does not take "{line(value.text, 40)}".',
                "Write due:<2d (less than two days left), due:>3d or due:lapsed.",
                value.start,
                value.end,
            )
        try:
            limit = parse_duration(word[1:])
        except ValueError as error:
            self._refuse(
                f'"{line(word[1:], 40)}" is no duration.',
                f"{str(error)[:1].upper()}{str(error)[1:]}.",
                value.start,
                value.end,
            )
        return Left(above=0, below=limit) if word[0] == "<" else Left(above=limit)

    def _errors(self, values: Sequence[_Value], negated: bool) -> Term:
        words = list(dict.fromkeys(value.text.casefold() for value in values))
        return ErrorTerm(
            codes=tuple(word for word in words if word != "any"),
            texts=tuple(word for word in words if word != "any" and not word.isdigit()),
            any="any" in words,
            negated=negated,
        )

    def _ids(self, values: Sequence[_Value], negated: bool) -> Term:
        return IdTerm(texts=tuple(dict.fromkeys(value.text.casefold() for value in values)), negated=negated)

    _FIELDS: ClassVar[dict[str, Callable[[_Reader, Sequence[_Value], bool], Term]]] = {
        "state": _states,
        "type": _types,
        "from": _senders,
        "due": _dues,
        "error": _errors,
        "id": _ids,
    }

    def _choice(self, value: _Value, choices: Sequence[str], kind: str) -> str:
        word = value.text.casefold()
        if word not in choices:
            near = _nearest(word, choices)
            remedy = f'Did you mean "{near}"?' if near else f"Write one of {', '.join(choices)}."
            self._refuse(f'There is no {kind} "{line(value.text, 40)}".', remedy, value.start, value.end)
        return word

    def _refuse_field(self, name: str, start: int, end: int) -> NoReturn:
        near = _nearest(name.lower(), list(self._FIELDS))
        known = ", ".join(f"{field}:" for field in self._FIELDS)
        remedy = f'Did you mean "{near}:"?' if near else f"There are {known}."
        remedy += " To search for the text itself put it in quotes."
        self._refuse(f'There is no field "{line(name, 40)}:".', remedy, start, end)

    def _refuse(self, what: str, remedy: str, start: int, end: int) -> NoReturn:
        raise FilterError(what, remedy, text=self._text, position=start, length=end - start)


def _sender(text: str) -> Sender:
    digits = re.sub("[^0-9]", "", text) if _PHONE.fullmatch(text) else None
    return Sender(text=text.casefold(), digits=None if digits == text else digits)


def _nearest(word: str, choices: Sequence[str]) -> str | None:
    """The choice that was probably meant: the one that the word begins, else one spelled much like it."""
    begun = [choice for choice in choices if choice.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    return next(iter(get_close_matches(word, choices, n=1)), None)
