"""Ctrl-C: the server stays, leaves something behind, or cannot be started again."""

import socket
import subprocess
import sys
import threading

from reference_server.faults.cleanup import EVERYWHERE
from reference_server.faults.fault import Fault

# The helper that is left behind goes by itself after this time, so that it is a nuisance and no plague.
HELPER_SECONDS = 20


class WaitsForItsThreads(Fault):
    """Serves clients in threads that are no daemons and closes nothing: Ctrl-C works once the last client has gone."""

    name = "waits-for-its-threads"
    breaks = "clean-exit"
    dialects = EVERYWHERE
    scenarios = ("lobby", "restart")

    def start_serving(self, sock: socket.socket, address: tuple[str, int]) -> None:
        client = self.client_class(sock, self.speech)
        thread = threading.Thread(target=self.serve, args=(client, address))
        self.connections[client] = thread
        thread.start()

    def end(self) -> None:
        pass


class CatchesCtrlCToo(Fault):
    """Catches everything around `accept` and goes on, and Ctrl-C is among that everything."""

    name = "catches-ctrl-c-too"
    breaks = "clean-exit"
    dialects = EVERYWHERE
    scenarios = ("lobby", "restart")

    def accept_all(self, listener: socket.socket) -> None:
        while True:
            try:
                self.accept(listener)
            except BaseException as error:
                self.show(f"could not accept: {error!r}")


class LeavesItsHelperBehind(Fault):
    """Starts a second process to rotate the log files and never ends it."""

    name = "leaves-its-helper-behind"
    breaks = "clean-exit"
    dialects = EVERYWHERE
    scenarios = ("lobby", "restart")

    def open(self, host: str, port: int) -> None:
        rotate = f"import time; time.sleep({HELPER_SECONDS})"
        self.helper = subprocess.Popen([sys.executable, "-c", rotate], start_new_session=True)
        super().open(host, port)


class ThePortStaysTaken(Fault):
    """Binds without `SO_REUSEADDR`, so after a restart the port is taken for a minute."""

    name = "the-port-stays-taken"
    breaks = "clean-exit"
    dialects = EVERYWHERE
    scenarios = ("restart",)

    def listen(self, host: str, port: int) -> socket.socket:
        listener = socket.socket()
        listener.bind((host, port))
        listener.listen(128)
        return listener
