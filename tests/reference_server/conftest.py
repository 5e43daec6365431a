"""Servers and clients that end with the test. Nothing here asserts."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from reference_clients import Client, Connect, Join, Serve

from reference_server import Server


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers; all of them have stopped, and left no thread, when the test ends."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(Server(*arguments, **options))


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve("lines")


@pytest.fixture
def connect() -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect_to(server: Server) -> Client:
            client = Client(server.address)
            stack.callback(client.close)
            return client

        yield connect_to


@pytest.fixture
def join(server: Server, connect: Connect) -> Join:
    """Let somebody join the `lines` server: returns when it is in, and those given as `before` know it."""

    def join_as(nick: str, before: tuple[Client, ...] = ()) -> Client:
        client = connect(server)
        client.say(nick)
        client.line()
        for other in before:
            other.line()
        return client

    return join_as
