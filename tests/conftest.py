"""Wiring only: what these tests, and not the contracts, need."""

from __future__ import annotations

import iregexp_check  # noqa: F401 - can be loaded once in a process, and pytester forgets what its sessions have loaded
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
