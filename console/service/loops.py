"""The event loop that a service runs on."""

from __future__ import annotations

import asyncio


def service_loop() -> asyncio.AbstractEventLoop:
    """A new loop: uvloop's where it installs (neither on Windows nor for PyPy), else asyncio's own.

    It is imported here rather than with this module, because that takes milliseconds that a screen
    which starts beside the service should not wait for.
    """
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
