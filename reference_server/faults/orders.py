"""Messages overtake each other, because threads do. All of these race for real: run them often enough and they show."""

import queue
import threading
from collections.abc import Iterator
from hashlib import pbkdf2_hmac

from reference_server.faults.fault import SOCIABLE, Fault
from reference_server.faults.speech import Speech
from reference_server.faults.textbook import Client


def seal(data: bytes, rounds: int) -> bytes:
    """A seal, to show later that nobody has changed the message. The more rounds, the harder to forge; and slower."""
    return pbkdf2_hmac("sha256", data, b"chat", rounds)


class ThreadForEachMessage(Fault):
    """Starts a thread for each message, so that a slow one holds nobody up; threads run in no particular order."""

    name = "thread-for-each-message"
    breaks = "fifo-order"
    dialects = ("lines", "header-64", "header-10", "binary-length", "json-lines")
    scenarios = ("order",)
    racy = True

    def say(self, client: Client, text: str) -> None:
        threading.Thread(target=self.seal_and_say, args=(client, text), daemon=True).start()

    def seal_and_say(self, client: Client, text: str) -> None:
        seal(text.encode(), rounds=200)
        super().say(client, text)


class NewestFirst(Fault):
    """Takes the lines that came together from the end of the list with `pop()`, so the newest comes first."""

    name = "newest-first"
    breaks = "fifo-order"
    dialects = ("lines",)
    scenarios = ("cuts", "order")

    def texts(self, client: Client) -> Iterator[str]:
        unfinished = b""
        while data := client.sock.recv(65536):
            *lines, unfinished = (unfinished + data).split(b"\n")
            while lines:
                yield lines.pop().decode("utf-8", "replace").rstrip("\r")


class BroadcastsWithoutTheLock(Fault):
    """Broadcasts without the lock, so the loops of two senders reach the receivers in different orders."""

    name = "broadcasts-without-the-lock"
    breaks = "total-order"
    dialects = ("lines", "header-64", "header-10", "json-lines")
    scenarios = ("order",)
    racy = True
    rounds = 100

    def say(self, client: Client, text: str) -> None:
        said = self.said(client, text)
        for other in self.hearers(client):
            seal(said + other.nick.encode(), self.rounds)
            other.tell(said)
        self.tell(client, "receipt", text=text)


class RepliesOvertake(BroadcastsWithoutTheLock):
    """Does slow work for each receiver in the loop, so the first one's reply reaches the last one before the question."""

    name = "replies-overtake"
    breaks = "causal-order"
    rounds = 5000


class NoticesOvertake(Fault):
    """Lets a thread of its own check each message for bad words, and sends notices at once."""

    name = "notices-overtake"
    breaks = "membership-order"
    dialects = ("lines", "header-64", "json-lines", "prompted", "binary-length")
    scenarios = ("storm",)
    racy = True

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.to_check: queue.SimpleQueue[tuple[Client, str]] = queue.SimpleQueue()
        threading.Thread(target=self.check, name="bad words", daemon=True).start()

    def say(self, client: Client, text: str) -> None:
        self.to_check.put((client, text))

    def check(self) -> None:
        while True:
            client, text = self.to_check.get()
            seal(text.encode(), rounds=5000)
            super().say(client, text)


class JoinsAreToldLater(Fault):
    """Looks the newcomer up in the background, and tells the others of it only then."""

    name = "joins-are-told-later"
    breaks = "membership-order"
    dialects = SOCIABLE
    scenarios = ("comings",)
    racy = True

    def announce(self, occasion: str, client: Client) -> None:
        if occasion == "joined":
            threading.Thread(target=self.look_up_and_announce, args=(client,), daemon=True).start()
        else:
            super().announce(occasion, client)

    def look_up_and_announce(self, client: Client) -> None:
        seal(client.nick.encode(), rounds=50000)
        super().announce("joined", client)
