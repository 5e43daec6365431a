"""Who is here: people are not let in, or nobody is told of them, or they stay in lists for ever."""

import socket
from typing import ClassVar

from reference_server.faults.fault import SOCIABLE, Fault
from reference_server.faults.orders import seal
from reference_server.faults.speech import Speech
from reference_server.faults.textbook import Client
from reference_server.room import is_proper_name

SEATS = 5


class CountsOnlyUp(Fault):
    """Counts clients up when they come and never down when they go, so after five the server is full for ever."""

    name = "counts-only-up"
    breaks = "lets-in"
    dialects = SOCIABLE
    scenarios = ("storm", "drops")
    count = 0

    def start_serving(self, sock: socket.socket, address: tuple[str, int]) -> None:
        self.count += 1
        if self.count > SEATS:
            sock.close()
        else:
            super().start_serving(sock, address)


class ServesOneAfterTheOther(Fault):
    """Serves a client in the loop that accepts, so the second one waits until the first one has gone."""

    name = "serves-one-after-the-other"
    breaks = "lets-in"
    dialects = (*SOCIABLE, "nickname-console")
    scenarios = ("lobby",)

    def start_serving(self, sock: socket.socket, address: tuple[str, int]) -> None:
        self.serve(self.client_class(sock, self.speech), address)


class TellsNobodyOfAJoin(Fault):
    """Welcomes the newcomer and tells nobody else."""

    name = "tells-nobody-of-a-join"
    breaks = "join-notice"
    dialects = SOCIABLE
    scenarios = ("lobby", "comings")

    def announce(self, occasion: str, client: Client) -> None:
        if occasion != "joined":
            super().announce(occasion, client)


class TellsNobodyOfALeave(Fault):
    """Takes who has gone out of the list and tells nobody, in whatever way it went."""

    name = "tells-nobody-of-a-leave"
    breaks = "leave-notice"
    dialects = SOCIABLE
    scenarios = ("lobby", "comings")

    def announce(self, occasion: str, client: Client) -> None:
        if occasion != "left":
            super().announce(occasion, client)


class SaysGoodbyeTwice(Fault):
    """Tells the others where the quit word is read, and once more in the cleanup."""

    name = "says-goodbye-twice"
    breaks = "leave-notice"
    dialects = ("lines", "header-64", "binary-length", "json-lines")
    scenarios = ("lobby", "comings")

    def say_goodbye(self, client: Client) -> bool:
        self.announce("left", client)
        return super().say_goodbye(client)


class OnlyTheQuitWordIsLeaving(Fault):
    """Tells the others where the quit word is read, and nowhere else: who just closes is never missed."""

    name = "only-the-quit-word-is-leaving"
    breaks = "drop-notice"
    dialects = ("lines", "header-64", "binary-length", "json-lines")
    scenarios = ("drops", "storm")

    def say_goodbye(self, client: Client) -> bool:
        self.announce("left", client)
        return super().say_goodbye(client)

    def remove(self, client: Client) -> None:
        with self.lock:
            if client in self.clients:
                self.clients.remove(client)


class AResetIsNotLeaving(Fault):
    """Tells the others after the loop that reads; a reset raises there, and jumps over it."""

    name = "a-reset-is-not-leaving"
    breaks = "drop-notice"
    dialects = SOCIABLE
    scenarios = ("drops", "storm")

    def serve(self, client: Client, address: tuple[str, int]) -> None:
        try:
            self.greet(client, address)
            for text in self.texts(client):
                if not self.answer(client, text):
                    break
            self.remove(client)
        except OSError:
            with self.lock:
                if client in self.clients:
                    self.clients.remove(client)
        client.close()
        self.forget(client)


class MissedOnlyWhenSomebodySpeaks(Fault):
    """Closes the connection of who has gone, and tidies the list up when there is something to send next."""

    name = "missed-only-when-somebody-speaks"
    breaks = "drop-notice"
    dialects = ("lines",)  # other dialects do not promise that notices come at once
    scenarios = ("drops",)

    def see_off(self, client: Client) -> None:
        client.close()
        self.forget(client)

    def say(self, client: Client, text: str) -> None:
        with self.lock:
            for other in list(self.clients):
                if other.sock.fileno() == -1:
                    self.remove(other)
            super().say(client, text)


class TheRosterLacksTheLast(Fault):
    """Builds the list of names in a loop over `range(len(clients) - 1)`."""

    name = "the-roster-lacks-the-last"
    breaks = "roster"
    dialects = ("lines", "json-lines", "binary-length")
    scenarios = ("roster",)

    def nicks(self) -> list[str]:
        with self.lock:
            return [self.clients[i].nick for i in range(len(self.clients) - 1)]


class TheRosterNeverForgets(Fault):
    """Keeps the names for the roster in a list of its own, and forgets to take them out."""

    name = "the-roster-never-forgets"
    breaks = "no-ghosts"
    dialects = ("lines", "json-lines", "binary-length")
    scenarios = ("roster",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.names: list[str] = []

    def add(self, client: Client) -> None:
        super().add(client)
        self.names.append(client.nick)

    def nicks(self) -> list[str]:
        return self.names


class TheRosterKeepsTheOldName(Fault):
    """Keeps the names for the roster in a list of its own, and does not change it when somebody takes another name."""

    name = "the-roster-keeps-the-old-name"
    breaks = "roster"
    dialects = ("lines",)
    scenarios = ("rename",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.names: dict[Client, str] = {}

    def add(self, client: Client) -> None:
        super().add(client)
        self.names[client] = client.nick

    def nicks(self) -> list[str]:
        with self.lock:
            return [self.names[client] for client in self.clients]


class TakesAnyName(Fault):
    """Never looks whether somebody has that nickname already."""

    name = "takes-any-name"
    breaks = "unique-nicknames"
    dialects = SOCIABLE
    scenarios = ("twins",)

    def is_taken(self, nick: str) -> bool:
        return False


class RenamesToAnyName(Fault):
    """Looks whether somebody has that nickname already at the door, and not when one who is in takes another name."""

    name = "renames-to-any-name"
    breaks = "unique-nicknames"
    dialects = ("lines",)
    scenarios = ("rename",)

    def rename(self, client: Client, nick: str) -> None:
        with self.lock:
            if is_proper_name(nick):
                self.call(client, nick)
            else:
                super().rename(client, nick)


class ChecksAndThenAdds(Fault):
    """Looks whether the name is free, does something slow, and then takes it: two who come at once both get it."""

    name = "checks-and-then-adds"
    breaks = "unique-nicknames"
    dialects = SOCIABLE
    scenarios = ("twins",)
    racy = True

    def join(self, client: Client, nick: str) -> bool:
        if self.is_taken(nick):
            return self.refuse(client, nick, "taken")
        seal(nick.encode(), rounds=20000)  # a key for the newcomer
        with self.lock:
            client.nick = nick
            self.add(client)
            self.tell(client, "welcome", nick=nick)
            self.announce("joined", client)
        return True


class NamesAreNeverReleased(Fault):
    """Remembers each name in a set and never takes one out, so nobody can come back."""

    name = "names-are-never-released"
    breaks = "nickname-released"
    dialects: ClassVar[tuple[str, ...]] = SOCIABLE
    scenarios = ("rejoin",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.taken: set[str] = set()

    def is_taken(self, nick: str) -> bool:
        return nick in self.taken

    def add(self, client: Client) -> None:
        super().add(client)
        self.taken.add(client.nick)


class TheOldNameStaysTaken(Fault):
    """Remembers the names in use in a set, and puts the new one in when somebody takes another, but leaves the old one."""

    name = "the-old-name-stays-taken"
    breaks = "nickname-released"
    dialects = ("lines",)
    scenarios = ("rename",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.taken: set[str] = set()

    def is_taken(self, nick: str) -> bool:
        return nick in self.taken

    def add(self, client: Client) -> None:
        super().add(client)
        self.taken.add(client.nick)

    def call(self, client: Client, nick: str) -> None:
        super().call(client, nick)
        self.taken.add(nick)

    def remove(self, client: Client) -> None:
        with self.lock:
            self.taken.discard(client.nick)
            super().remove(client)


class OnlyTheQuitWordReleasesTheName(NamesAreNeverReleased):
    """Releases the name where the quit word is read, so who was cut off cannot come back."""

    name = "only-the-quit-word-releases-the-name"
    dialects = ("lines", "header-64", "binary-length", "json-lines")

    def say_goodbye(self, client: Client) -> bool:
        self.taken.discard(client.nick)
        return super().say_goodbye(client)
