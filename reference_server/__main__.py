"""The command line: `python -m reference_server`."""

import argparse
import os
import resource
import signal
import sys
import threading
from collections.abc import Sequence

from reference_server.console import Console
from reference_server.dialects import DIALECTS
from reference_server.server import Server
from reference_server.wire import Lines

ABOUT_OUTPUT = """When it listens it says so in one line, with the port. The dialects after the programs of others (echo, relay,
operator-desk) print what those print, which does not always tell the port: give them one."""

ENDING = {signal.SIGINT, signal.SIGTERM}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m reference_server",
        description="A chat server that is right, to test chat testers with. Ctrl-C ends it.",
        epilog="dialects:\n" + dialect_list(indent="  ") + "\n\n" + ABOUT_OUTPUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--dialect",
        choices=DIALECTS,
        default="lines",
        metavar="NAME",
        help="what is spoken on the wire (default: lines; see below)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=port, default=0, help="the port to listen at; 0, the default: any free")
    parser.add_argument("--list-dialects", action="store_true", help="list the dialects and exit")
    return parser.parse_args(arguments)


def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError
    return number


def dialect_list(indent: str = "") -> str:
    return "\n".join(f"{indent}{name:17} {dialect.summary}" for name, dialect in DIALECTS.items())


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if options.list_dialects:
        print(dialect_list())
        return 0
    # Blocked here and so in every thread to come; the main thread asks for them when all is under way.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    allow_many_clients()
    console = Console(descriptor_of(sys.stdout))
    server = Server(options.dialect, options.host, options.port, show=console.show)
    try:
        server.start()
    except OSError as error:
        reason, _, _ = (error.strerror or str(error)).partition(" (")  # which would tell the address once more
        print(f"reference_server: cannot listen on {options.host}:{options.port}: {reason}", file=sys.stderr)
        return 1
    if server.dialect.asks_operator:
        threading.Thread(target=read_operator, args=(server,), name="operator", daemon=True).start()
    signal.sigwait(ENDING)
    server.stop()
    console.close()
    return 0


def allow_many_clients() -> None:
    """As many descriptors as we are allowed: each client takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):
        pass  # macOS calls it infinity and allows less; the usual number must do


def descriptor_of(stream: object) -> int | None:
    """None for a standard stream that was closed when we were started: its number may be a client's by now."""
    return stream.fileno() if stream is not None and hasattr(stream, "fileno") else None


def read_operator(server: Server) -> None:
    """Hand on each typed line, until there are no more; the server goes on without."""
    descriptor = descriptor_of(sys.stdin)
    if descriptor is None:
        return
    lines = Lines()
    while True:
        try:
            data = os.read(descriptor, 4096)
        except OSError:
            return
        if not data:
            return
        for line in lines.feed(data):
            if isinstance(line, bytes):
                server.typed(line)


if __name__ == "__main__":
    sys.exit(main())
