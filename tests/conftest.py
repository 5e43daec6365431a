"""What holds for all tests."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# No test fails for being slow: how long an example takes tells how busy the machine is. Speed stands in `benchmarks/`.
settings.register_profile("chatsim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatsim")

# What a script starts with `&` ignores Ctrl-C and its sister, under `nohup` the end of the terminal, too, and so does
# whatever that starts. Tests interrupt programs.
USUAL = {"SIGINT": signal.default_int_handler, "SIGQUIT": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL}

for name, usual in USUAL.items():
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# In a workflow of GitHub chatsim says more; tests that want that say so.
for name in [name for name in os.environ if name.startswith("GITHUB_")]:
    del os.environ[name]


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """With `-n auto`: two workers a core, where there are few. Most tests wait for a server, and not for a processor."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(cores, min(2 * cores, 4))
