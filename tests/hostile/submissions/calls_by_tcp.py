"""Tells somebody outside."""

from lobby import AIM, call, serve, socket

call(socket.AF_INET, tuple(AIM["tcp"]))
call(socket.AF_INET, ("0.0.0.0", AIM["tcp"][1]))
for address in AIM["addresses"]:
    call(socket.AF_INET, (address, AIM["tcp"][1]))
call(socket.AF_INET6, ("::ffff:127.0.0.1", AIM["tcp"][1]))
serve()
