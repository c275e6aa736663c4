"""Cassettes from answers in hand, from sandboxes and from failures."""
