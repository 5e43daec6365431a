"""Who is here, by what name, and who hears whom. Pure: all that the server's one lock has to guard.

A room knows its guests by the numbers that the server gave them in order of arrival, and decides; it sends
nothing. Besides the lobby, in which everybody is, a guest can be in any number of side rooms.
"""

Guest = int

MAX_NAME = 32


def is_proper_name(name: str) -> bool:
    """Whether a guest or a side room may be called so. Every script is welcome, joiners and marks included."""
    return (
        0 < len(name) <= MAX_NAME
        and not name.startswith("/")
        # Not str.isprintable: it refuses the joiner within an emoji such as a family.
        and not any(character.isspace() or _is_control(character) for character in name)
    )


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"


class Room:
    """The guests who have joined, in order of joining. No two bear the same name at once."""

    def __init__(self) -> None:
        self._nicks: dict[Guest, str] = {}
        self._guests: dict[str, Guest] = {}
        self._side_rooms: dict[str, dict[Guest, None]] = {}  # dicts: sets that keep the order of entering
        self._entered: dict[Guest, set[str]] = {}

    def join(self, guest: Guest, nick: str) -> bool:
        """Let `guest` in; False if somebody bears that name already."""
        if nick in self._guests:
            return False
        self._nicks[guest] = nick
        self._guests[nick] = guest
        return True

    def rename(self, guest: Guest, nick: str) -> bool:
        """Call one who has joined otherwise; False if somebody bears that name already. The order stays."""
        if nick in self._guests:
            return False
        self._nicks[guest] = nick
        self._guests = {name: who for who, name in self._nicks.items()}
        return True

    def leave(self, guest: Guest) -> str | None:
        """Out of everything; the name is free again. Tells it, or None if the guest had not joined."""
        nick = self._nicks.pop(guest, None)
        if nick is not None:
            del self._guests[nick]
            for name in self._entered.pop(guest, ()):
                self._step_out(guest, name)
        return nick

    def nick_of(self, guest: Guest) -> str | None:
        return self._nicks.get(guest)

    def called(self, nick: str) -> Guest | None:
        return self._guests.get(nick)

    def nicks(self) -> list[str]:
        return list(self._guests)

    def everyone(self) -> tuple[Guest, ...]:
        return tuple(self._nicks)

    def others(self, guest: Guest) -> tuple[Guest, ...]:
        """Everyone but `guest`."""
        return _without(guest, self._nicks)

    def enter(self, guest: Guest, name: str) -> bool:
        """Into a side room, which need not exist before; False if the guest is in it already."""
        entered = self._entered.setdefault(guest, set())
        if name in entered:
            return False
        entered.add(name)
        self._side_rooms.setdefault(name, {})[guest] = None
        return True

    def exit(self, guest: Guest, name: str) -> bool:
        """Out of a side room; False if the guest is not in it."""
        entered = self._entered.get(guest, set())
        if name not in entered:
            return False
        entered.remove(name)
        self._step_out(guest, name)
        return True

    def _step_out(self, guest: Guest, name: str) -> None:
        side_room = self._side_rooms[name]
        del side_room[guest]
        if not side_room:
            del self._side_rooms[name]

    def is_in(self, guest: Guest, name: str) -> bool:
        return guest in self._side_rooms.get(name, {})

    def rooms_of(self, guest: Guest) -> int:
        """How many side rooms the guest is in."""
        return len(self._entered.get(guest, ()))

    def others_in(self, name: str, guest: Guest) -> tuple[Guest, ...]:
        """Everyone in a side room but `guest`."""
        return _without(guest, self._side_rooms.get(name, {}))


def _without(guest: Guest, guests: dict[Guest, str] | dict[Guest, None]) -> tuple[Guest, ...]:
    # Copy and remove, which run in C: this is done for every message, with a thousand guests.
    others = list(guests)
    if guest in guests:
        others.remove(guest)
    return tuple(others)
