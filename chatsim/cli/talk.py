"""`chatsim talk`: the socket, the keyboard and the clock of an interactive client. What to do, `talking` decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatsim.cli.files import complete_profiles

if TYPE_CHECKING:
    from chatsim.profile.profile import Profile

__all__ = ["talk"]


def talk(
    server: Annotated[
        str,
        typer.Argument(metavar="HOST:PORT", help="Where it listens; IPv6 as [::1]:5000, a Unix socket as unix:PATH."),
    ],
    profile: Annotated[
        str,
        typer.Option(
            metavar="P",
            show_default=False,
            help="How it is spoken to: a profile's file, or the name of a built-in one (see: chatsim profiles).",
            autocompletion=complete_profiles,
        ),
    ],
    nick: Annotated[
        str | None, typer.Option(metavar="N", show_default=False, help="Your nickname. Default: guest and a number.")
    ] = None,
) -> None:
    """Chat with a server by hand, in any profile.

    Type lines to say them. /help tells what else can be done, as the steps of a scenario do it: /drop, /rejoin, /stall,
    /resume, /send … Other commands are the server's own. /quit, the end of input (Ctrl-D), or the profile's own goodbye
    ends the conversation.
    """
    from random import SystemRandom

    from chatsim.cli.conversation import Conversation
    from chatsim.cli.files import Problems
    from chatsim.cli.target import address, check_wire

    problems = Problems()
    where = address(server, problems)
    spoken: Profile | None = problems.profile(profile)
    check_wire(None, where, spoken, problems)
    name = nick if nick is not None else f"guest{SystemRandom().randrange(100, 1000)}"
    problems.stop_if_any()
    assert where is not None and spoken is not None

    Conversation(spoken, name, where).hold()
