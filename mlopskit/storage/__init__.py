"""Floor 0: bytes on any filesystem, and nothing about models or runs."""
