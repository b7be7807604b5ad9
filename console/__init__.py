"""Media Console: a terminal console for the media that a WhatsApp Business API client receives."""

__version__ = "0.1.0"
