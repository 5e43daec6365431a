"""One client takes the server with it, or the others."""

import json
import os
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import ClassVar

from reference_server.faults.cleanup import EVERYWHERE
from reference_server.faults.fault import SOCIABLE, Fault, RashClient
from reference_server.faults.one_thread import OneThread
from reference_server.faults.speech import Speech
from reference_server.faults.textbook import RECEIVE_SIZE, Client

QUIET_SECONDS = 0.1


class AResetEndsTheServer(OneThread):
    """Serves everybody in one `select` loop and catches nothing in it, so a reset ends the program."""

    name = "a-reset-ends-the-server"
    breaks = "stays-up"
    dialects = ("lines", "prompted", "header-64", "json-lines", "relay")
    scenarios = ("lobby",)

    def receive(self, client: Client) -> bytes:
        return client.sock.recv(RECEIVE_SIZE)


class HalfACharacterEndsTheServer(OneThread):
    """Decodes each piece by itself in the one `select` loop, so half a character ends the program."""

    name = "half-a-character-ends-the-server"
    breaks = "stays-up"
    dialects = ("lines", "json-lines")
    scenarios = ("cuts",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.unfinished: dict[Client, str] = {}

    def texts_in(self, client: Client, data: bytes) -> Iterable[str]:
        text = self.unfinished.get(client, "") + data.decode()
        *lines, self.unfinished[client] = text.split("\n")
        return lines


class BadBytesEndTheServer(OneThread):
    """Decodes each message in the one `select` loop without expecting that it may be no UTF-8."""

    name = "bad-bytes-end-the-server"
    breaks = "survives-malformed"
    dialects = ("lines", "header-64", "json-lines", "binary-length")
    scenarios = ("malformed",)

    def texts_in(self, client: Client, data: bytes) -> Iterable[str]:
        for message in client.framing.feed(data):
            if isinstance(message, bytes):
                yield message.decode()


class ABadLengthEndsTheServer(OneThread):
    """Turns each header into a number in the one `select` loop without expecting that it may be none."""

    name = "a-bad-length-ends-the-server"
    breaks = "survives-malformed"
    dialects = ("header-64", "header-10")
    scenarios = ("lengths", "malformed")

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.width = len(speech.frame(""))
        self.unfinished: dict[Client, bytes] = {}

    def texts_in(self, client: Client, data: bytes) -> Iterable[str]:
        data = self.unfinished.get(client, b"") + data
        while len(data) >= self.width and len(data) >= self.width + (length := int(data[: self.width])):
            yield data[self.width : self.width + length].decode("utf-8", "replace")
            data = data[self.width + length :]
        self.unfinished[client] = data


class BadJsonKeepsTheLock(Fault):
    """Takes the lock, parses the request, and gives the lock back: bad JSON raises in between, and all others wait."""

    name = "bad-json-keeps-the-lock"
    breaks = "survives-malformed"
    dialects = ("json-lines",)
    scenarios = ("malformed",)

    def answer(self, client: Client, text: str) -> bool:
        self.lock.acquire()
        json.loads(text)
        stays = super().answer(client, text)
        self.lock.release()
        return stays


class GoesWithTheLastButOne(Fault):
    """Ends the program when only one client is left, because nobody can chat alone."""

    name = "goes-with-the-last-but-one"
    breaks = "stays-up"
    dialects = EVERYWHERE
    scenarios = ("lobby",)

    def remove(self, client: Client) -> None:
        talked = client.joined and len(self.clients) > 1
        super().remove(client)
        if talked and len(self.clients) == 1:
            self.show("Only one is left. Goodbye.")
            os._exit(0)


class ErrorsEndTheSpeaker(Fault):
    """Lets the exception from a client that is gone end the thread of whoever was just speaking."""

    name = "errors-end-the-speaker"
    breaks = "keeps-clients"
    dialects = ("lines", "prompted", "header-64", "relay")
    scenarios = ("storm", "drops")
    client_class = RashClient

    def serve(self, client: Client, address: tuple[str, int]) -> None:
        try:
            self.greet(client, address)
            for text in self.texts(client):
                if not self.answer(client, text):
                    break
        except OSError as error:
            self.show(f"error: {error}")
        client.close()


class KeepsTheLockAfterAnError(Fault):
    """Takes the lock with `acquire()`, sends, and gives it back with `release()`, which an exception jumps over."""

    name = "keeps-the-lock-after-an-error"
    breaks = "still-serves"
    dialects = ("lines", "prompted", "header-64", "relay")
    scenarios = ("storm",)
    client_class = RashClient

    def broadcast(self, data: bytes, to: list[Client]) -> None:
        self.lock.acquire()
        for client in to if data else ():
            client.tell(data)
        self.lock.release()

    def see_off(self, client: Client) -> None:
        client.close()
        self.forget(client)


class TheDoorkeeperDies(Fault):
    """Reads the nickname in the thread that accepts: one who breaks off before giving it ends that thread, for all."""

    name = "the-doorkeeper-dies"
    breaks = "still-serves"
    dialects = SOCIABLE
    scenarios = ("silent",)

    def accept_all(self, listener: socket.socket) -> None:
        doorkeeper = threading.Thread(target=super().accept_all, args=(listener,), daemon=True)
        doorkeeper.start()
        while True:  # Ctrl-C may reach another thread, and would not wake this one
            threading.Event().wait(0.2)

    def start_serving(self, sock: socket.socket, address: tuple[str, int]) -> None:
        client = self.client_class(sock, self.speech)
        self.greet(client, address)
        texts = self.texts(client)
        self.answer(client, next(texts))
        threading.Thread(target=self.chat_with, args=(client, texts), daemon=True).start()

    def chat_with(self, client: Client, texts: Iterable[str]) -> None:
        try:
            for text in texts:
                if not self.answer(client, text):
                    break
        except OSError:
            pass
        finally:
            self.see_off(client)


class CatchesNothing(Fault):
    """Has no `except` around the loop that reads: a reset is cleaned up after, and printed as a traceback."""

    name = "catches-nothing"
    breaks = "no-crash-output"
    dialects: ClassVar[tuple[str, ...]] = (*SOCIABLE, "relay", "nickname-console")
    scenarios: ClassVar[tuple[str, ...]] = ("drops", "storm")

    def serve(self, client: Client, address: tuple[str, int]) -> None:
        try:
            self.greet(client, address)
            for text in self.texts(client):
                if not self.answer(client, text):
                    break
        finally:
            self.see_off(client)


class BadBytesEndTheThread(CatchesNothing):
    """Decodes without a thought of what is no UTF-8: the sender's thread ends with a traceback."""

    name = "bad-bytes-end-the-thread"
    dialects = ("lines", "json-lines", "header-64")
    scenarios = ("malformed",)

    def texts(self, client: Client) -> Iterator[str]:
        while data := client.sock.recv(RECEIVE_SIZE):
            for message in client.framing.feed(data):
                if isinstance(message, bytes):
                    yield message.decode()


class PutsOutTheQuiet(Fault):
    """Sets a timeout on each socket so that no thread hangs, and throws out whoever says nothing for a moment."""

    name = "puts-out-the-quiet"
    breaks = "keeps-clients"
    dialects = (*SOCIABLE, "relay", "echo")
    scenarios = ("comings", "memory")

    def greet(self, client: Client, address: tuple[str, int]) -> None:
        client.sock.settimeout(QUIET_SECONDS)
        super().greet(client, address)
