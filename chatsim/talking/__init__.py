"""A person's conversation in any profile: what happened goes in, what is to be done comes out. Pure.

`talking` holds the conversation, `commands` knows what a line beginning with a slash means, `telling` what came.
"""

from chatsim.talking.deeds import (
    Abort,
    Close,
    Connect,
    Deed,
    HalfClose,
    HangUp,
    HoldReading,
    ResumeReading,
    Show,
    Wait,
    Write,
)
from chatsim.talking.talking import Phase, Talking

__all__ = [
    "Abort",
    "Close",
    "Connect",
    "Deed",
    "HalfClose",
    "HangUp",
    "HoldReading",
    "Phase",
    "ResumeReading",
    "Show",
    "Talking",
    "Wait",
    "Write",
]
