"""Long histories are judged by numpy, where it is there: the same stories, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from chatsim.checks import hearing


@contextmanager
def quick(on: bool) -> Iterator[None]:
    """Take the way for long histories, in blocks of seven rows; or the plain one, however long they are."""
    if on:
        pytest.importorskip("numpy")
    with mock.patch.object(hearing, "LONG", 0 if on else 10**9), mock.patch.object(hearing, "BLOCK", 7):
        yield


@pytest.fixture(params=[False, True], ids=["plain", "numpy"])
def both_ways(request: pytest.FixtureRequest) -> Iterator[None]:
    with quick(request.param):
        yield
