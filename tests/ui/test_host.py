"""A host that runs nothing."""

from __future__ import annotations

from console.ui.host import Host, Viewer


def test_a_viewer_runs_nothing_and_says_who_does() -> None:
    host: Host = Viewer("pid 4121")
    host.start()
    host.retry_listener()
    host.stop()
    assert host.standing() is None
    assert not host.starting()
    assert host.viewer_of() == "pid 4121"
