"""TCP connections on which a protocol of its own is spoken (TLS, say): a layer on each.

To the director such a connection is one like any other: `Opened` when both ends have agreed, `Received` what was said,
`Handed` when the kernel has the last byte of what it became. An abort is TCP's reset, a hold leaves TCP's buffers full.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from chatsim.network.layers import Layer, LayerError, NotSpokenError
from chatsim.network.loop import Loop
from chatsim.network.namespace import OpenSocket
from chatsim.network.network import Command, Opened, OpenFailed, PeerClosed, Received, Send
from chatsim.network.tcp import LARGE_READ, QUICKACK, SMALL_READ, Address, Connection, TcpNetwork

__all__ = ["LayeredNetwork"]

SHOWN = 2048  # bytes of either side that are kept until both have agreed, for whoever asks why they did not


class LayeredNetwork(TcpNetwork):
    """TCP with a layer on every connection; `called`: what the layer is, in a sentence."""

    def __init__(
        self,
        new_layer: Callable[[Address], Layer],
        called: str,
        address: Address | None = None,
        *,
        loop: Loop | None = None,
        open_socket: OpenSocket = socket.socket,
    ) -> None:
        self._new_layer = new_layer
        self.called = called
        self._address = address
        super().__init__(address, loop=loop, open_socket=open_socket)

    def aim(self, address: Address) -> None:
        self._address = address
        super().aim(address)

    def do(self, command: Command) -> None:
        if type(command) is Send:
            connection = self._connections.get(command.session)
            if isinstance(connection, _Layered):
                connection.send_some(command.data, command.tag, command.more)
        else:
            super().do(command)

    def new_connection(self, session: int) -> Connection:
        assert self._address is not None
        return _Layered(self, session, self._new_layer(self._address))


class _Layered(Connection):
    __slots__ = ("agreed", "called", "came", "early", "finished", "layer", "local", "went")

    def __init__(self, network: LayeredNetwork, session: int, layer: Layer) -> None:
        super().__init__(network, session)
        self.layer = layer
        self.called = network.called
        self.local: Address = ("", 0)
        self.agreed = False  # both ends have: `Opened` was told
        self.early: list[tuple[bytes, int, bool]] = []  # what was to be sent before that
        self.finished = False  # nothing more will come from us; said as soon as both ends have agreed
        self.went = self.came = b""  # the first of what was written and read before both had agreed

    # --- opening

    def stands(self, local: Address) -> None:
        self.local = local
        self._watch()
        self._tell_layer(self.layer.begin)

    def _agree(self) -> None:
        self.agreed = True
        self.emit(Opened(self.loop.now(), self.session, self.local))
        early, self.early = self.early, []
        for data, tag, more in early:
            self._say(data, tag, more)
        if self.finished:
            self._say_goodbye()

    # --- the director's wishes

    def give_up(self) -> None:
        if not self.opened:
            super().give_up()
        elif not self.agreed:
            self._fail(f"it never agreed on {self.called}", foreign=True)

    def send_some(self, data: bytes, tag: int, more: bool) -> None:
        if self.finished or self.broken:
            return
        if self.agreed:
            self._say(data, tag, more)
        else:
            self.early.append((data, tag, more))

    def shut_down(self) -> None:
        if self.finished:
            return
        self.finished = True
        if self.agreed:
            self._say_goodbye()

    def read_and_close(self) -> None:
        if self.agreed and not self.finished and not self.pending and not self.broken and self.socket is not None:
            self.layer.finish()
            try:
                self.socket.send(self.layer.outgoing())
            except OSError:
                pass  # full, or gone: the goodbye was a courtesy
        super().read_and_close()

    def _say(self, data: bytes, tag: int, more: bool) -> None:
        if not self.layer.over or self.layer.half_closes:
            self.layer.say(data, more)
            self.send(self.layer.outgoing(), tag)

    def _say_goodbye(self) -> None:
        self.layer.finish()
        self._write_out()
        if self.layer.half_closes:
            super().shut_down()

    # --- what the loop reports

    def _read(self, readiness: int) -> None:
        try:
            data = self.receive(self.size)  # type: ignore[misc]
        except BlockingIOError:
            return
        except OSError:
            self._reset()
            return
        if not data:
            if self.broken or not self.agreed:
                self._reset()
            else:
                self._tell_end()
            return
        self.size = LARGE_READ if len(data) >= self.size else SMALL_READ
        self._acknowledge()
        if not self.agreed:
            self.came = (self.came + data)[:SHOWN]
        self._tell_layer(lambda: self._hear(data))

    def _hear(self, data: bytes) -> None:
        for said in self.layer.take(data):
            self.emit(Received(self.loop.seen, self.session, said))

    def _tell_layer(self, something: Callable[[], None]) -> None:
        """And do what comes of it: an answer, an opening, an end."""
        try:
            something()
        except LayerError as error:
            self._write_out()
            self._fail(str(error), foreign=isinstance(error, NotSpokenError))
            return
        self._write_out()
        if self.layer.opened and not self.agreed:
            self._agree()
            self._tell_layer(lambda: self._hear(b""))  # what came together with the agreement
        elif self.layer.over and not self.eof:
            self._tell_end()

    def _write_out(self) -> None:
        if (data := self.layer.outgoing()) and self.socket is not None:
            if not self.agreed:
                self.went = (self.went + data)[:SHOWN]
            self.send(data, -1)

    def _acknowledge(self) -> None:
        """At once, from now on: see `Connection._read`."""
        if self.spoke and QUICKACK is not None and self.socket is not None:
            self.spoke = False
            try:
                self.socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
            except OSError:
                pass  # reset meanwhile: the next read says so

    # --- endings

    def _tell_end(self) -> None:
        self.eof = True
        self.emit(PeerClosed(self.loop.seen, self.session, "eof"))
        self._watch()

    def _reset(self) -> None:
        self._fail(f"the server ended the connection before both had agreed on {self.called}", foreign=True)

    def _fail(self, why: str, *, foreign: bool) -> None:
        """The connection is of no use any more; `why` is told if it never was. `foreign`: and so is what was said."""
        self.pending.clear()
        self._discard()
        self.network.forget(self.session)
        if self.agreed:
            self.emit(PeerClosed(self.loop.now(), self.session, "reset"))
        else:
            said = (self.went, self.came) if foreign else (b"", b"")
            self.emit(OpenFailed(self.loop.now(), self.session, why, *said))
