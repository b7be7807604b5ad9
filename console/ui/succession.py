"""Notices that the service of another process has ended and that this console runs it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.ui.host import Host


class Succession:
    """Looks at a host again and again, and remembers whom it viewed last."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._before: str | None = None

    def look(self) -> str | None:
        """What to tell, once, after the service of another process became this one's."""
        viewed = self._host.viewer_of()
        if viewed is not None:
            self._before = viewed
            return None
        standing = self._host.standing()
        if self._before is None or standing is None or standing.stopped:
            return None
        before, self._before = self._before, None
        return f"The service of {before} has ended; this console runs it now."
