"""HOST:PORT as people write it."""

from __future__ import annotations

import pytest

from chatsim.cli.files import Problems
from chatsim.cli.target import address


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("127.0.0.1:5000", ("127.0.0.1", 5000)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_an_address_is_host_and_port(text: str, means: tuple[str, int]) -> None:
    problems = Problems()

    assert address(text, problems) == means
    assert not problems.found


@pytest.mark.parametrize("text", ["", ":5000", "host", "host:", "host:x", "host:0", "host:65536", "::1:5000", "h:٣"])
def test_anything_else_is_a_problem(text: str) -> None:
    problems = Problems()

    assert address(text, problems) is None
    assert len(problems.found) == 1
