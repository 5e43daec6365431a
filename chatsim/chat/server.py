"""A chat server for a program: started when the context is entered, gone with all its processes when it is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from chatsim.api import profile_of, target_of
from chatsim.errors import UsageError
from chatsim.runs import describe, world_of

if TYPE_CHECKING:
    from chatsim.network.network import Event
    from chatsim.profile.profile import Profile
    from chatsim.world import World

__all__ = ["ChatServer"]


class ChatServer:
    """A server under test, and how it is spoken to. The arguments are those of `chatsim.run`.

    Use it as a context manager, or call `start` and `close`. It takes part in one `Chat` at the most; a server for several
    is one that each of them is connected to, by its address.

    Raises UsageError (and its kinds) for what it was given, at once; `start` raises ServerError, with the server's last
    words, if it does not come to listen. After `close` nothing of it is left, however it was started or failed to.
    What it prints is read when somebody asks for it or a chat goes on; it may print a megabyte in between (where the
    platform has such pipes), before it has to wait for us.
    """

    def __init__(
        self,
        command: str | Sequence[str] | None = None,
        *,
        profile: str | Path | Mapping[str, Any] | Profile | None = None,
        connect: str | tuple[str, int] | None = None,
        patience: float = 1.0,
    ) -> None:
        if not 0 < patience < float("inf"):
            raise UsageError(f"patience={patience:g} makes no sense: it is a number above 0")
        self.spoken = profile_of(profile)
        self.target = target_of(command, connect, self.spoken, profile_given=profile is not None)
        self.patience = patience
        self.taken = False  # by a chat
        self._world: World | None = None
        self._early: list[Event] = []

    def __str__(self) -> str:
        return describe(self.spoken, self.target)

    def __repr__(self) -> str:
        return f"<chat server: {self}>"

    @property
    def profile(self) -> str:
        """The name of the profile that it is spoken to with."""
        return self.spoken.name

    @property
    def attached(self) -> bool:
        """Was it running before, so that nothing is known of its process?"""
        return self.target.address is not None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port, as `socket.create_connection` takes them."""
        found = self.world.address
        assert found is not None, "a server that has been started has an address"
        return found

    @property
    def host(self) -> str:
        return self.address[0]

    @property
    def port(self) -> int:
        return self.address[1]

    @property
    def running(self) -> bool:
        """Has it been started, and not been closed?"""
        return self._world is not None

    @property
    def world(self) -> World:
        """The door to it, for chatsim's own use."""
        if self._world is None:
            raise UsageError(
                "this server has not been started, or has ended", hint="with chatsim.ChatServer(…) as server:"
            )
        return self._world

    def output(self, lines: int = 20) -> list[str]:
        """The last lines that it printed, both streams together; of a server that was only connected to there are none."""
        world = self.world
        if not self.taken:
            self._early += world.poll(world.now())
        return world.last_output(lines)

    def early(self) -> list[Event]:
        """What has happened before somebody took it for a chat, for chatsim's own use."""
        found, self._early = self._early, []
        return found

    def start(self) -> ChatServer:
        if self._world is not None:
            raise UsageError("this server has been started already")
        world = world_of(self.spoken, self.target, self.patience)
        try:
            world.start()
        except BaseException:
            world.close()
            raise
        self._world = world
        return self

    def close(self) -> None:
        """End it with all that it has started. May be called at any time, and again."""
        world, self._world = self._world, None
        if world is not None:
            world.close()

    def __enter__(self) -> ChatServer:
        return self if self._world is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
