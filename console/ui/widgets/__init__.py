"""What the screen is made of. Everything here draws lines of pieces; nothing parses markup."""
