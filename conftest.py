"""Wiring only: what the tests of the pytest plugin need has to be named here, before options are read."""

from __future__ import annotations

pytest_plugins = ["pytester"]
