"""Tells somebody on this machine, by sockets that belong to no network: one that lies in a folder, one that is only a name."""

from lobby import AIM, call, serve, socket

call(socket.AF_UNIX, AIM["unix"])
call(socket.AF_UNIX, "\0" + AIM["abstract"])
serve()
