"""What those leave behind who have gone: sockets, threads, files, memory, and a thread that never rests."""

import os
import socket
import threading
from collections.abc import Iterator

from reference_server.faults.fault import SOCIABLE, Fault
from reference_server.faults.speech import Speech
from reference_server.faults.textbook import Client

EVERYWHERE = (*SOCIABLE, "relay", "header-10", "echo", "nickname-console")

PAPER = 512 * 1024


class NeverCloses(Fault):
    """Takes who has gone out of the list, keeps it in another one for the statistics, and never closes its socket."""

    name = "never-closes"
    breaks = "closes-connection"
    dialects = EVERYWHERE
    scenarios = ("lobby",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.departed: list[Client] = []

    def see_off(self, client: Client) -> None:
        self.remove(client)
        self.show_about("left")
        client.outbox.put(None)
        self.departed.append(client)
        self.forget(client)


class EndOfFileIsNotLeaving(Fault):
    """Ends the thread when there is nothing more to read, but cleans up only after the quit word or an exception."""

    name = "end-of-file-is-not-leaving"
    breaks = "no-ghosts"
    dialects = ("lines", "binary-length", "json-lines", "relay")
    scenarios = ("half-close",)

    def serve(self, client: Client, address: tuple[str, int]) -> None:
        try:
            self.greet(client, address)
            for text in self.texts(client):
                if not self.answer(client, text):
                    self.see_off(client)
                    break
        except OSError:
            self.see_off(client)


class WriterIsNeverTold(Fault):
    """Ends the thread that reads, and leaves the one that writes waiting for the next message for ever."""

    name = "writer-is-never-told"
    breaks = "no-thread-leak"
    dialects = EVERYWHERE
    scenarios = ("churn",)

    def see_off(self, client: Client) -> None:
        self.remove(client)
        self.show_about("left")
        client.hang_up()
        client.sock.close()
        self.forget(client)


class HeartbeatGoesOn(Fault):
    """Starts a thread for each client that looks every second whether it is alive, and never ends it."""

    name = "heartbeat-goes-on"
    breaks = "no-thread-leak"
    dialects = EVERYWHERE
    scenarios = ("churn",)

    def greet(self, client: Client, address: tuple[str, int]) -> None:
        super().greet(client, address)
        threading.Thread(target=self.watch_over, args=(client,), name="heartbeat", daemon=True).start()

    def watch_over(self, client: Client) -> None:
        stopped = threading.Event()
        while not stopped.wait(1.0):
            client.unread = max(0, client.unread)


class KeepsLogFilesOpen(Fault):
    """Opens a log file for each client and never closes it."""

    name = "keeps-log-files-open"
    breaks = "no-socket-leak"
    dialects = EVERYWHERE
    scenarios = ("churn",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.logs: list[int] = []

    def greet(self, client: Client, address: tuple[str, int]) -> None:
        self.logs.append(os.open(os.devnull, os.O_WRONLY))
        super().greet(client, address)


class KeepsEveryTranscript(Fault):
    """Keeps half a megabyte for what each client will say, by its address, and never throws it away."""

    name = "keeps-every-transcript"
    breaks = "no-memory-leak"
    dialects = EVERYWHERE
    scenarios = ("memory",)

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self.transcripts: dict[tuple[str, int], bytearray] = {}

    def greet(self, client: Client, address: tuple[str, int]) -> None:
        self.transcripts[address] = bytearray(b" " * PAPER)
        super().greet(client, address)


class PatientClient(Client):
    """Never gives up on a client."""

    def tell(self, data: bytes) -> None:
        self.outbox.put(data)


class QueuesWithoutBound(Fault):
    """Keeps whatever a client does not read, without any limit, and whoever does not read at all fills the memory."""

    name = "queues-without-bound"
    breaks = "no-memory-leak"
    dialects = ("lines", "header-64", "binary-length", "json-lines")
    scenarios = ("flood",)
    client_class = PatientClient


class ForgetsTheBreak(Fault):
    """Tidies up when nothing more comes and forgets the `break`, so the thread reads nothing as fast as it can."""

    name = "forgets-the-break"
    breaks = "no-spin"
    dialects = EVERYWHERE
    scenarios = ("half-close",)

    def texts(self, client: Client) -> Iterator[str]:
        while True:
            yield from super().texts(client)
            self.remove(client)


class NeverWaitsForAClient(Fault):
    """Makes the listening socket non-blocking and asks it in a loop, without any rest, whether somebody has come."""

    name = "never-waits-for-a-client"
    breaks = "no-spin"
    dialects = EVERYWHERE
    scenarios = ("lobby",)

    def accept_all(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        while True:
            try:
                self.accept(listener)
            except BlockingIOError:
                pass
