"""The main screen and the sheets that open above it."""
