"""A network namespace for one server (Linux): two servers listen on one port, and neither knows of the other.

A broker process (`chatsim.server.inside`) makes the namespace and then makes sockets there for us; the server is started
in it by a small program that becomes the server. Needs root, or user namespaces, which a system may refuse.

Nothing outside can be reached from within: no other machine, no name server, no database next door.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from chatsim.errors import ServerError
from chatsim.network.namespace import Namespace

__all__ = ["Broker", "OwnNetwork", "refusal"]

PROGRAM = str(Path(__file__).with_name("inside.py"))
GONE = "the broker of its network namespace has ended"
PATIENCE = 10.0  # seconds for each answer of the broker's; the first one is that of a Python which has to start


class Broker(Protocol):
    """The broker's process, whoever has started it: as `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


class OwnNetwork:
    """One namespace, from `open` to `close`. It ends with us, however we end, and with the last process in it.

    `start_broker` gets the descriptor over which the broker speaks, and starts one; without it a Python is started for that,
    which takes 10 ms.
    """

    def __init__(self, start_broker: Callable[[int], Broker] | None = None) -> None:
        self._start_broker = start_broker or _start_broker
        self._broker: Broker | None = None
        self._link: socket.socket | None = None
        self._namespaces: list[int] = []  # descriptors, in the order of entering
        self._asked = 0  # how many sockets the broker was asked for

    def open(self) -> None:
        """Raises ServerError, with the reason as its hint, where there are no namespaces to be had."""
        try:
            self._open()
        except OSError as error:
            self.close()
            raise ServerError("the server can not be given a network namespace of its own", hint=_why(error)) from None
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        if self._link is None:
            self.begin()
        said, self._namespaces = self._hear()
        if said != b"=":
            raise OSError(said.decode("utf-8", "replace") or "its broker ended at once")

    def begin(self) -> None:
        """Have it made, and do not wait for it: `open` does. Raises OSError."""
        if sys.platform != "linux":
            raise OSError("only Linux has them")
        self._link, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(PATIENCE)
        with its_end:
            self._broker = self._start_broker(its_end.fileno())

    @property
    def namespace(self) -> Namespace:
        """As `chatsim.network` and all that looks at sockets want it; of use after `open`."""
        return Namespace(self.open_socket, f"/proc/{self._broker.pid if self._broker is not None else 0}/net")

    def open_socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """As `socket.socket`, in here: not connected, not bound. Raises OSError; a broker that is gone is one, too."""
        if self._link is None:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
        self._asked = (self._asked + 1) & 0x7FFFFFFF
        try:
            self._link.send(struct.pack("=iiii", self._asked, family, kind, protocol))
            code, made = self._answer()
        except ConnectionError:
            raise OSError(errno.ENETDOWN, GONE) from None
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, "the broker of its network namespace does not answer") from None
        if code or not made:  # made, but we have no room for another descriptor
            code = code or errno.EMFILE
            raise OSError(code, os.strerror(code))
        return socket.socket(family, kind, protocol, made[0])

    def check(self) -> None:
        """Raises ServerError if the broker has ended, by whoever's hand: what we see and reach is not the server's then."""
        if self._broker is None or self._broker.poll() is not None:
            raise ServerError(GONE, hint="it is a process of chatsim's own: has somebody ended it?")

    def reached_out(self, refused: int, *, datagrams: bool) -> bool:
        """Has anybody in here looked for what is not here: another machine, a name, a port that nobody has?

        The kernel counts that for each namespace. `refused`: so many connections of ours nobody took; with `datagrams`,
        what was sent to a port that nobody has may have been ours, and does not count.
        """
        counted = _counters(self.namespace.tables)
        no_way = counted["Ip OutNoRoutes"] + counted["Ip6OutNoRoutes"]
        nobody = 0 if datagrams else counted["Udp NoPorts"] + counted["Udp6NoPorts"]
        return no_way + nobody > 0 or counted["Tcp AttemptFails"] > refused

    @property
    def entrances(self) -> tuple[int, ...]:
        """Descriptors of the namespaces in which it is, in the order of entering: ours, to be used before `close`."""
        return tuple(self._namespaces)

    def popen(self, words: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """As `subprocess.Popen`, in here. Raises OSError, as that does, where there is no such program."""
        failure, its_failure = os.pipe()
        with open(failure, "rb") as failed:  # noqa: PTH123 - a descriptor
            try:
                entering = [*_python("enter"), str(its_failure), ",".join(map(str, self._namespaces)), *words]
                process = subprocess.Popen(entering, pass_fds=[its_failure, *self._namespaces], **options)
            finally:
                os.close(its_failure)
            code = failed.read()  # it ends when the process has become the program, or has ended
        if code:
            process.wait()
            raise OSError(int(code), os.strerror(int(code)))
        return process

    def close(self) -> None:
        """Let the namespace go. May be called at any time, and again."""
        for number in self._namespaces:
            os.close(number)
        self._namespaces = []
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._broker is not None:
            try:
                self._broker.wait(PATIENCE)
            except subprocess.TimeoutExpired:  # somebody has stopped it
                self._broker.kill()
                self._broker.wait()
            self._broker = None

    def _answer(self) -> tuple[int, list[int]]:
        """To what was asked last: an interrupt may have struck before an earlier answer was heard."""
        while True:
            said, made = self._hear()
            if not said:
                raise ConnectionError
            number, code = struct.unpack("=ii", said)
            if number == self._asked:
                return code, made
            for late in made:
                os.close(late)

    def _hear(self) -> tuple[bytes, list[int]]:
        assert self._link is not None
        said, numbers, _, _ = socket.recv_fds(self._link, 4096, 4, socket.MSG_CMSG_CLOEXEC)
        return said, numbers


def _start_broker(its_end: int) -> Broker:
    return subprocess.Popen(
        [*_python("broker"), str(its_end)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[its_end],
        cwd="/",
        start_new_session=True,  # a Ctrl-C at the terminal is not meant for it
    )


def refusal() -> str:
    """Why no server can be started in a namespace here, in a few words; empty: it can. Found out by doing it once."""
    try:
        with contextlib.closing(OwnNetwork()) as own_network:
            own_network.open()
            own_network.popen(["/bin/sh", "-c", ":"]).wait()
    except ServerError as error:
        return error.problems[0].hint
    except OSError as error:
        return f"entering it: {_why(error)}"
    return ""


def _counters(tables: str) -> Counter[str]:
    """What the kernel counts: `snmp` has a line of names above each line of numbers, `snmp6` a name before each number."""
    counted: Counter[str] = Counter()
    with contextlib.suppress(OSError, ValueError):
        lines = [line.split() for line in Path(tables, "snmp").read_text().splitlines()]
        for (group, *names), (_, *numbers) in zip(lines[::2], lines[1::2], strict=True):
            counted.update({f"{group[:-1]} {name}": int(number) for name, number in zip(names, numbers, strict=True)})
        pairs = map(str.split, Path(tables, "snmp6").read_text().splitlines())
        counted.update({name: int(number) for name, number in pairs})
    return counted


def _why(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else str(error)


def _python(*words: str) -> list[str]:
    # Isolated from the current folder and the environment, and without site packages: it starts in 10 ms.
    return [sys.executable, "-I", "-S", PROGRAM, *words]
