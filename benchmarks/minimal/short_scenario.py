"""What a person would write by hand: five bots, 20 messages, one leaves, one is reset, and all notices are awaited.

Blocking sockets, one after the other, counted lines; no history, no verdict beyond "it came". For comparisons only.
It speaks the dialect `lines` and plays the same as short.yaml. Acknowledgements are made quick after each read, without
which a server that does not set TCP_NODELAY takes 40 ms a turn.
"""

import socket
import struct
import sys
import time

BOTS = 5
MESSAGES = 4  # of each
QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class Bot:
    def __init__(self, address: tuple[str, int], name: str) -> None:
        self.name = name
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.say(name)
        self.expect(f"Welcome, {name}!")

    def say(self, text: str) -> None:
        self.socket.sendall(text.encode() + b"\n")

    def line(self) -> str:
        while b"\n" not in self.rest:
            data = self.socket.recv(16384)
            if not data:
                raise ConnectionError(f"{self.name} was closed")
            self.rest += data
            if QUICKACK is not None:
                self.socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()

    def expect(self, text: str) -> None:
        line = self.line()
        if line != text:
            raise AssertionError(f"{self.name} heard {line!r}, not {text!r}")


def play(address: tuple[str, int]) -> float:
    """Seconds from the first connection to the last notice."""
    began = time.perf_counter()
    bots: list[Bot] = []
    for number in range(BOTS):
        newcomer = Bot(address, f"bot{number}")
        for bot in bots:
            bot.expect(f"* {newcomer.name} joined")
        bots.append(newcomer)
    said = [(bot, f"hello {number} of {bot.name}") for number in range(MESSAGES) for bot in bots]
    for bot, text in said:
        bot.say(text)
    for listener in bots:
        missing = {f"{bot.name}: {text}" for bot, text in said if bot is not listener}
        while missing:
            missing.remove(listener.line())
    leaver, dropped, *rest = bots
    leaver.say("/quit")
    leaver.expect(f"Goodbye, {leaver.name}.")
    leaver.socket.close()
    for bot in (dropped, *rest):
        bot.expect(f"* {leaver.name} left")
    dropped.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    dropped.socket.close()
    for bot in rest:
        bot.expect(f"* {dropped.name} left")
    took = time.perf_counter() - began
    for bot in rest:
        bot.socket.close()
    return took


if __name__ == "__main__":
    print(f"{1000 * play((sys.argv[1], int(sys.argv[2]))):.2f} ms")
