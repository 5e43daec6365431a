"""What can not be had a second time is finished, unless somebody insists."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from chatsim.cli.putting_off import put_off


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """SIGINT is an interrupt, SIGTERM is ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_interrupt_is_told_and_the_second_strikes(capsys: pytest.CaptureFixture[str]) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), put_off("Nearly done."):
        os.kill(os.getpid(), signal.SIGINT)
        done.append("one")
        os.kill(os.getpid(), signal.SIGINT)
        done.append("two")

    assert done == ["one"]
    assert capsys.readouterr().err == "Nearly done.\n"


def test_what_was_ignored_stays_so_and_afterwards_all_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    with put_off("Nearly done."):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    assert capsys.readouterr().err == ""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
