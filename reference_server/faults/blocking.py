"""One client keeps all the others waiting."""

import socket
import threading
from collections.abc import Iterator

from reference_server.faults.fault import SOCIABLE, DirectClient, Fault
from reference_server.faults.one_thread import OneThread
from reference_server.faults.textbook import Client


class TheSlowestReaderDecides(Fault):
    """Sends to everybody under the lock and waits for each: one who does not read stops whoever says something."""

    name = "the-slowest-reader-decides"
    breaks = "no-head-of-line-blocking"
    dialects = ("lines", "header-64", "header-10", "binary-length", "json-lines")
    scenarios = ("slow",)
    client_class = DirectClient


class GreetsInTheAcceptLoop(Fault):
    """Reads the nickname in the loop that accepts: one who connects and says nothing keeps all others out."""

    name = "greets-in-the-accept-loop"
    breaks = "no-head-of-line-blocking"
    dialects = SOCIABLE
    scenarios = ("silent",)

    def start_serving(self, sock: socket.socket, address: tuple[str, int]) -> None:
        client = self.client_class(sock, self.speech)
        try:
            self.greet(client, address)
            texts = self.texts(client)
            for nick in texts:
                if not self.answer(client, nick):
                    break
                if client.joined:
                    threading.Thread(target=self.chat_with, args=(client, texts), daemon=True).start()
                    return
        except OSError:
            pass
        self.see_off(client)

    def chat_with(self, client: Client, texts: Iterator[str]) -> None:
        try:
            for text in texts:
                if not self.answer(client, text):
                    break
        except OSError:
            pass
        finally:
            self.see_off(client)


class ReadsUnderTheLock(Fault):
    """Takes the lock as soon as something has come and reads the whole message under it: half a message stops all."""

    name = "reads-under-the-lock"
    breaks = "no-head-of-line-blocking"
    dialects = ("header-64", "header-10")
    scenarios = ("half",)

    def texts(self, client: Client) -> Iterator[str]:
        width = len(self.speech.frame(""))
        while client.sock.recv(1, socket.MSG_PEEK):
            with self.lock:
                header = client.sock.recv(width, socket.MSG_WAITALL).strip()
                if not header.isdigit():
                    return
                text = client.sock.recv(int(header), socket.MSG_WAITALL).decode("utf-8", "replace")
            yield text


class WaitsForTheEndOfTheLine(OneThread):
    """Calls `readline` in the one `select` loop as soon as something has come: half a line stops all."""

    name = "waits-for-the-end-of-the-line"
    breaks = "no-head-of-line-blocking"
    dialects = ("lines", "json-lines")
    scenarios = ("half",)

    def receive(self, client: Client) -> bytes:
        line = b""
        try:
            while not line.endswith(b"\n") and (byte := client.sock.recv(1)):
                line += byte
        except OSError:
            pass
        return line
