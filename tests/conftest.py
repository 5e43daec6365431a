"""What holds for all tests."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# No test fails for being slow: how long an example takes tells how busy the machine is. Speed stands in `benchmarks/`.
settings.register_profile("chatsim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chatsim")

# What a script starts with `&` ignores Ctrl-C and its sister, and so does whatever that starts. Tests interrupt programs.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)
