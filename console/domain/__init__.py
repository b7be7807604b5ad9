"""Values and rules: no I/O, no clock, no randomness of its own. Everyone may import it; it imports nobody."""
