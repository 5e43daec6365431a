"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# No test fails for being slow: how long an example takes tells how busy the machine is. Speed stands in `benchmarks/`.
settings.register_profile("chatsim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatsim")
