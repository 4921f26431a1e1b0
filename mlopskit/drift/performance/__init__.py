"""How well a model does before labels arrive, and how well it did once they are there."""
