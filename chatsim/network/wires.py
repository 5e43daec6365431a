"""From a line, as a profile describes it, to the network that speaks on it. Imports only what that one needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatsim.network.loop import Loop
from chatsim.network.tcp import Address, TcpNetwork
from chatsim.wires import Line, Tls

if TYPE_CHECKING:
    from chatsim.network.layers import Layer

__all__ = ["network_on"]


def network_on(line: Line, loop: Loop) -> TcpNetwork:
    """Raises ServerError where something that the line needs is not to be had."""
    if line.transport == "tls":
        return _over_tls(line.tls or Tls(), loop)
    return TcpNetwork(loop=loop)


def _over_tls(tls: Tls, loop: Loop) -> TcpNetwork:
    from chatsim.network.layered import LayeredNetwork
    from chatsim.network.tls import TlsLayer, context_of

    context = context_of(tls)

    def new_layer(address: Address) -> Layer:
        return TlsLayer(context, tls.name or name_of(address[0]))

    return LayeredNetwork(new_layer, "TLS", loop=loop)


def name_of(host: str) -> str:
    """Whose certificate the server at this host should show: one on this machine is called localhost."""
    return "localhost" if host == "::1" or host.startswith("127.") else host
