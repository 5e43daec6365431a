"""From a line, as a profile describes it, to the network that speaks on it. Imports only what that one needs."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatsim.network.layers import Layer, Stacked
from chatsim.network.loop import Loop
from chatsim.network.namespace import OpenSocket
from chatsim.network.tcp import Address, TcpNetwork
from chatsim.wires import Line, Tls

if TYPE_CHECKING:
    from chatsim.network.udp import UdpNetwork

__all__ = ["network_on"]

NewLayer = Callable[[Address], Layer]


def network_on(line: Line, loop: Loop, open_socket: OpenSocket = socket.socket) -> TcpNetwork | UdpNetwork:
    """It is spoken where `open_socket` makes the sockets. Raises ServerError where something that the line needs is not to
    be had."""
    if line.transport == "tls":
        return _layered(_over_tls(line.tls or Tls()), "TLS", loop, open_socket)
    if line.transport == "websocket":
        over_websocket = _over_websocket(line.path)
        if line.tls is None:
            return _layered(over_websocket, "WebSocket", loop, open_socket)
        over_tls = _over_tls(line.tls)
        both = "TLS and WebSocket"
        return _layered(lambda address: Stacked(over_tls(address), over_websocket(address)), both, loop, open_socket)
    if line.transport == "udp":
        from chatsim.network.udp import UdpNetwork

        return UdpNetwork(loop=loop, open_socket=open_socket)
    if line.transport == "unix":
        from chatsim.network.unix import UnixNetwork

        return UnixNetwork(loop=loop, open_socket=open_socket)
    return TcpNetwork(loop=loop, open_socket=open_socket)


def _layered(new_layer: NewLayer, called: str, loop: Loop, open_socket: OpenSocket) -> TcpNetwork:
    from chatsim.network.layered import LayeredNetwork

    return LayeredNetwork(new_layer, called, loop=loop, open_socket=open_socket)


def _over_tls(tls: Tls) -> NewLayer:
    from chatsim.network.tls import TlsLayer, context_of

    context = context_of(tls)
    return lambda address: TlsLayer(context, tls.name or name_of(address[0]))


def _over_websocket(path: str) -> NewLayer:
    from chatsim.network.websocket import WebSocketLayer

    def new_layer(address: Address) -> Layer:
        host, port = address
        return WebSocketLayer(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", path)

    return new_layer


def name_of(host: str) -> str:
    """Whose certificate the server at this host should show: one on this machine is called localhost."""
    return "localhost" if host == "::1" or host.startswith("127.") else host
