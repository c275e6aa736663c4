"""Contracts against what else is written: vendors' own specs, whole SDLs, cassettes and checks."""
