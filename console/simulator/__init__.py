"""A stand-in for the WhatsApp Business API client, for the demo, the tests and anybody without an account."""

from console.simulator.behaviours import Behaviour, Kind
from console.simulator.simulator import Simulator

__all__ = ["Behaviour", "Kind", "Simulator"]
