"""Tells somebody outside, as if it asked for a name."""

from lobby import AIM, call, serve, socket

for address in ("127.0.0.1", *AIM["addresses"]):
    call(socket.AF_INET, (address, AIM["udp"][1]), socket.SOCK_DGRAM)
serve()
