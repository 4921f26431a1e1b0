"""Floor 1: frozen values and their JSON; no I/O."""
