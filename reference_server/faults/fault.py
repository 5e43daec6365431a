"""What every fault is: the textbook server with one mistake, and what there is to say about it."""

from typing import ClassVar

from reference_server.faults.textbook import ChatServer, Client

# Dialects in which names are given, people hear each other, and comings and goings are told.
SOCIABLE = ("lines", "prompted", "header-64", "binary-length", "json-lines")


class Fault(ChatServer):
    """A mistake. The docstring of each one says in a sentence what the student did."""

    name: ClassVar[str]
    breaks: ClassVar[str]  # the property that it violates
    dialects: ClassVar[tuple[str, ...]]  # in which it can be seen; the first one is spoken unless another is asked for
    scenarios: ClassVar[tuple[str, ...]]  # shipped ones in which it shows
    racy: ClassVar[bool] = False  # it shows only when threads meet in an unlucky way, as they do in many runs


def about(fault: type[Fault]) -> str:
    return " ".join((fault.__doc__ or "").split())


class DirectClient(Client):
    """Sends at once, as most students do: whoever says something waits until this client has taken it."""

    def tell(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except OSError:
            pass  # it has gone: its own thread finds out


class RashClient(DirectClient):
    """Sends at once, and whoever says something to one that has gone gets the exception."""

    def tell(self, data: bytes) -> None:
        self.sock.sendall(data)
