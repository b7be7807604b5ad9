"""What the list is asked for: view, filter and order, and the filter while it is typed."""

from __future__ import annotations

import re
from typing import Final

from console.domain.filters import EVERYTHING, Filter, FilterError, parse
from console.domain.views import Selection, Sort, View
from console.ui.editor import Editor

MOST_RECALLED = 50

_FIELD: Final = re.compile(r"(?:^|(?<=\s))-?([A-Za-z_]+):")


class Finding:
    """View, filter and order as the operator set them. No widget and no I/O."""

    def __init__(self) -> None:
        self.view = View.ALL
        self.previous: View | None = None
        self.sort = Sort.DUE
        self.reverse = False
        self.text = ""
        self.on = True
        """Whether the filter counts; switched off it is remembered."""
        self.editor: Editor | None = None
        self.error: FilterError | None = None
        self._filter = EVERYTHING
        self._read: list[tuple[str, Filter]] = []
        """What has read while this line is typed, of which the next begins with the one before it."""
        self._recalled: list[str] = []
        self._recall_at = 0

    @property
    def filter(self) -> Filter:
        """The filter that counts now."""
        return self._filter if self.on else EVERYTHING

    @property
    def selection(self) -> Selection:
        """What to read."""
        return Selection(view=self.view, filter=self.filter, sort=self.sort, reverse=self.reverse)

    def go(self, view: View) -> bool:
        """Opens a view; False if it is open already."""
        if view is self.view:
            return False
        self.previous, self.view = self.view, view
        return True

    def edit(self) -> None:
        """Starts typing, with the present filter in the line."""
        self.on = True
        self.editor = Editor(self.text)
        self._read = [(self.text, self._filter)]
        self._recall_at = len(self._recalled)

    def typed(self) -> None:
        """Reads what is in the line; while it does not read, the last filter that did stays.

        A word that turned out to be the name of a field was never one to search for.
        """
        if self.editor is None:
            return
        text = self.editor.text
        try:
            read = parse(text)
        except FilterError as error:
            self.error = error
            while len(self._read) > 1 and _ends_in_a_name(self._read[-1][0], text):
                self._read.pop()
        else:
            self.error = None
            self._read = [each for each in self._read if text.startswith(each[0]) and each[0] != text]
            self._read.append((text, read))
        self.text, self._filter = self._read[-1][0].strip(), self._read[-1][1]

    def keep(self) -> bool:
        """Ends typing; False while the text does not read."""
        self.typed()
        if self.error is not None:
            return False
        self.editor = None
        if self.text and self.text not in self._recalled[-1:]:
            self._recalled = [*self._recalled[1 - MOST_RECALLED :], self.text]
        return True

    def clear(self) -> None:
        """Ends typing and takes the filter away."""
        self.editor, self.error, self.text, self._filter = None, None, "", EVERYTHING

    def recall(self, step: int) -> None:
        """Puts an earlier (-1) or later (1) filter into the line."""
        if self.editor is None or not self._recalled:
            return
        self._recall_at = max(0, min(len(self._recalled), self._recall_at + step))
        at_end = self._recall_at == len(self._recalled)
        self.editor.put("" if at_end else self._recalled[self._recall_at])
        self.typed()


def _ends_in_a_name(before: str, text: str) -> bool:
    """Whether the last word typed `before` has become the name of a field."""
    ends = text.startswith(before)
    return ends and any(name.start(1) < len(before) <= name.end(1) for name in _FIELD.finditer(text))
