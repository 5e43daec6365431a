"""Whoever should hear a message does not, or hears it twice, spoilt, or under a wrong name; or the wrong people do."""

from collections.abc import Iterator

from reference_server.faults.fault import SOCIABLE, Fault, RashClient
from reference_server.faults.speech import Speech
from reference_server.faults.textbook import Client


class TakesOutTheDeadWhileLooping(Fault):
    """Takes clients that cannot be reached out of the list while looping over that list, so the next one is skipped."""

    name = "takes-out-the-dead-while-looping"
    breaks = "delivery"
    dialects = ("lines", "prompted", "header-64", "relay")
    scenarios = ("storm",)
    client_class = RashClient

    def see_off(self, client: Client) -> None:
        client.close()  # and the broadcast sorts it out
        self.forget(client)

    def broadcast(self, data: bytes, to: list[Client]) -> None:
        with self.lock:
            for client in self.clients:
                if client not in to:
                    continue
                try:
                    client.tell(data)
                except OSError:
                    self.clients.remove(client)
                    self.announce("left", client)


class DeadClientStopsTheBroadcast(Fault):
    """Puts the `try` around the whole loop, so all who come after a client that is gone hear nothing any more."""

    name = "dead-client-stops-the-broadcast"
    breaks = "delivery"
    dialects = ("lines", "prompted", "header-64", "relay")
    scenarios = ("drops",)
    client_class = RashClient

    def see_off(self, client: Client) -> None:
        client.close()
        self.forget(client)

    def broadcast(self, data: bytes, to: list[Client]) -> None:
        with self.lock:
            try:
                for client in to:
                    client.tell(data)
            except OSError as error:
                self.show(f"could not send: {error}")


class OnlyTheFirstLine(Fault):
    """Takes the first line out of what it reads and throws the rest away, so of two quick messages one is lost."""

    name = "only-the-first-line"
    breaks = "delivery"
    dialects = ("lines",)
    scenarios = ("cuts",)

    def texts(self, client: Client) -> Iterator[str]:
        unfinished = b""
        while data := client.sock.recv(4096):
            unfinished += data
            if b"\n" in unfinished:
                yield unfinished.split(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
                unfinished = b""


class OneRecvIsOneObject(Fault):
    """Hands all that it has read to `json.loads` at once, so of two quick messages none is understood."""

    name = "one-recv-is-one-object"
    breaks = "delivery"
    dialects = ("json-lines",)
    scenarios = ("cuts",)

    def texts(self, client: Client) -> Iterator[str]:
        while data := client.sock.recv(65536):
            yield data.decode("utf-8", "replace")


class ListedTwice(Fault):
    """Appends a client to the list when it connects and once more when it has given its name."""

    name = "listed-twice"
    breaks = "no-duplication"
    dialects = (*SOCIABLE, "header-10")
    scenarios = ("lobby", "order")

    def add(self, client: Client) -> None:
        super().add(client)
        self.clients.append(client)

    def remove(self, client: Client) -> None:
        super().remove(client)
        while client in self.clients:
            self.clients.remove(client)


class QuitWordIsBroadcast(Fault):
    """Broadcasts whatever comes in before looking whether it was the quit word."""

    name = "quit-word-is-broadcast"
    breaks = "no-creation"
    dialects = ("lines", "header-64")
    scenarios = ("lobby", "rejoin", "comings")

    def answer(self, client: Client, text: str) -> bool:
        if client.joined and self.speech.understand(text, True).kind == "bye":
            self.say(client, text)
        return super().answer(client, text)


class KnowsOnlyAscii(Fault):
    """Encodes what it sends as ASCII, because that worked when it was tried out."""

    name = "knows-only-ascii"
    breaks = "intact"
    dialects = (*SOCIABLE, "header-10")
    scenarios = ("cuts",)

    def said(self, client: Client, text: str) -> bytes:
        return super().said(client, text.encode("ascii", "replace").decode())


class LowersTheCase(Fault):
    """Calls `lower()` on all that it reads, so that `/QUIT` works, too, and passes that on."""

    name = "lowers-the-case"
    breaks = "intact"
    dialects = ("lines", "prompted", "header-64", "header-10", "binary-length", "json-lines")
    scenarios = ("relay", "cuts")

    def said(self, client: Client, text: str) -> bytes:
        return super().said(client, text.lower())


class CountsCharacters(Fault):
    """Writes the number of characters into the header where the number of bytes belongs."""

    name = "counts-characters"
    breaks = "intact"
    dialects = ("header-64",)
    scenarios = ("cuts",)

    def said(self, client: Client, text: str) -> bytes:
        words = f"{client.nick}: {text}"
        return str(len(words)).encode().ljust(64) + words.encode()


class SpeaksForTheLastOne(Fault):
    """Keeps the nickname in one variable for all, so everybody speaks under the name of whoever came last."""

    name = "speaks-for-the-last-one"
    breaks = "attribution"
    dialects = (*SOCIABLE, "header-10")
    scenarios = ("lobby", "order")
    nick = ""

    def join(self, client: Client, nick: str) -> bool:
        self.nick = nick
        return super().join(client, nick)

    def said(self, client: Client, text: str) -> bytes:
        return self.speech.encode("said", nick=self.nick, text=text)


class SpeaksUnderTheOldName(Fault):
    """Makes the words before each message when somebody comes, and leaves them as they are when the name changes."""

    name = "speaks-under-the-old-name"
    breaks = "attribution"
    dialects = ("lines",)
    scenarios = ("rename",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.speakers: dict[Client, str] = {}

    def add(self, client: Client) -> None:
        super().add(client)
        self.speakers[client] = client.nick

    def said(self, client: Client, text: str) -> bytes:
        return self.speech.encode("said", nick=self.speakers[client], text=text)


class EchoesToTheSender(Fault):
    """Broadcasts to everybody in the list and does not leave out who said it."""

    name = "echoes-to-the-sender"
    breaks = "echo"
    dialects = ("lines", "prompted", "header-64", "header-10", "relay")
    scenarios = ("lobby", "relay", "order")

    def hearers(self, client: Client) -> list[Client]:
        return list(self.clients)


class LeavesOutTheSender(Fault):
    """Leaves out who said it, in a chat where clients show only what the server sends back."""

    name = "leaves-out-the-sender"
    breaks = "echo"
    dialects = ("binary-length",)
    scenarios = ("lobby", "order")

    def hearers(self, client: Client) -> list[Client]:
        return self.others(client)


class GivesNoReceipt(Fault):
    """Forgets the `ok` that the sender waits for."""

    name = "gives-no-receipt"
    breaks = "echo"
    dialects = ("json-lines",)
    scenarios = ("lobby", "order")

    def tell(self, client: Client, occasion: str, **what: str) -> None:
        if occasion != "receipt":
            super().tell(client, occasion, **what)


class EchoesToAll(Fault):
    """Keeps all clients in one list and sends the echo to each of them."""

    name = "echoes-to-all"
    breaks = "isolation"
    dialects = ("echo",)
    scenarios = ("echo",)

    def say(self, client: Client, text: str) -> None:
        self.broadcast(self.said(client, text), list(self.clients))


class WhispersAloud(Fault):
    """Marks a private message as private and sends it to everybody."""

    name = "whispers-aloud"
    breaks = "isolation"
    dialects = ("lines", "json-lines")
    scenarios = ("whispers",)

    def whisper(self, client: Client, to: str, text: str) -> None:
        self.broadcast(self.speech.encode("whispered", nick=client.nick, text=text), self.others(client))


class RoomsHaveNoWalls(Fault):
    """Writes the room before the message, but sends it to those in all rooms."""

    name = "rooms-have-no-walls"
    breaks = "isolation"
    dialects = ("lines",)
    scenarios = ("rooms",)

    def say_in_room(self, client: Client, room: str, text: str) -> None:
        said = self.speech.encode("said in room", room=room, nick=client.nick, text=text)
        self.broadcast(said, self.others(client))


class TellsWhoOnlyConnected(Fault):
    """Puts a client into the list as soon as it has connected, before it has given a name."""

    name = "tells-who-only-connected"
    breaks = "isolation"
    dialects = ("lines", "prompted", "header-64", "binary-length", "json-lines", "header-10")
    scenarios = ("silent",)

    def others(self, client: Client) -> list[Client]:
        with self.lock:
            return [other for other in self.connections if other is not client]

    def hearers(self, client: Client) -> list[Client]:
        return [*self.others(client), client] if self.speech.heard_by == "all" else self.others(client)


class AnswersTheNewest(Fault):
    """Remembers only who wrote last, so what the operator types goes there, whomever it was meant for."""

    name = "answers-the-newest"
    breaks = "isolation"
    dialects = ("operator-desk",)
    scenarios = ("operator",)

    def answer_one(self, line: str) -> None:
        self.unanswered.rotate(1)
        super().answer_one(line)


class PrintsOnlyTheFirst(Fault):
    """Reads once after the nickname instead of in a loop, so only the first message of each client is printed."""

    name = "prints-only-the-first"
    breaks = "delivery"
    dialects = ("nickname-console",)
    scenarios = ("nickname",)

    def texts(self, client: Client) -> Iterator[str]:
        texts = super().texts(client)
        yield from (text for text, _ in zip(texts, ("the name", "the message"), strict=False))
        for _ in texts:
            pass  # kept open, and not looked at


class PrintsNothing(Fault):
    """Took the `print` out once everything worked, and the task asks for it."""

    name = "prints-nothing"
    breaks = "expectations"
    dialects = ("echo", "relay", "nickname-console", "operator-desk")
    scenarios = ("echo", "nickname", "operator")

    def show_about(self, occasion: str, **what: object) -> None:
        pass
