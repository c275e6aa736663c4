"""Contracts as tests of pytest."""
