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

DEFAULT_DIALECT = "lines"

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
        metavar="NAME",
        help="what is spoken on the wire (default: lines, or what the fault speaks; see below)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=port, default=0, help="the port to listen at; 0, the default: any free")
    parser.add_argument("--list-dialects", action="store_true", help="list the dialects and exit")
    parser.add_argument(
        "--fault",
        metavar="NAME",
        help="be a textbook server instead, with this one mistake; none: without any (see --list-faults)",
    )
    parser.add_argument("--list-faults", action="store_true", help="list the faults and exit")
    parser.add_argument("--json", action="store_true", help="with --list-faults: as JSON")
    options = parser.parse_args(arguments)
    if options.json and not options.list_faults:
        parser.error("--json goes with --list-faults")
    if options.fault is not None and (problem := wrong_with_fault(options.fault, options.dialect)):
        parser.error(problem)
    return options


def port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError
    return number


def dialect_list(indent: str = "") -> str:
    return "\n".join(f"{indent}{name:17} {dialect.summary}" for name, dialect in DIALECTS.items())


def wrong_with_fault(name: str, dialect: str | None) -> str | None:
    """Why there is no server with this fault in this dialect; None if there is."""
    from reference_server.faults import FAULTS, NO_FAULT

    if name == NO_FAULT:
        return None
    if name not in FAULTS:
        from difflib import get_close_matches

        near = get_close_matches(name, FAULTS, n=1)
        hint = f"did you mean {near[0]}?" if near else "--list-faults names them all"
        return f"there is no fault {name}; {hint}"
    if dialect not in (None, *FAULTS[name].dialects):
        return f"the fault {name} does not show in {dialect}, but in {', '.join(FAULTS[name].dialects)}"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if options.list_dialects:
        print(dialect_list())
        return 0
    if options.list_faults:
        from reference_server.faults import listing

        print(listing.as_json() if options.json else listing.as_text())
        return 0
    allow_many_clients()
    if options.fault is not None:
        return serve_with_fault(options)
    # Blocked here and so in every thread to come; the main thread asks for them when all is under way.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    console = Console(descriptor_of(sys.stdout))
    server = Server(options.dialect or DEFAULT_DIALECT, options.host, options.port, show=console.show)
    try:
        server.start()
    except OSError as error:
        return complain(options, error)
    if server.dialect.asks_operator:
        threading.Thread(target=read_operator, args=(server,), name="operator", daemon=True).start()
    signal.sigwait(ENDING)
    server.stop()
    console.close()
    return 0


def serve_with_fault(options: argparse.Namespace) -> int:
    """The textbook server, ended by Ctrl-C as most programs are: by an exception in the main thread."""
    from reference_server.faults import FAULTS, server_with

    # Also where we were started in the background, which would leave it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    usual = FAULTS[options.fault].dialects[0] if options.fault in FAULTS else DEFAULT_DIALECT
    server = server_with(options.fault, options.dialect or usual)
    try:
        listener = server.listen(options.host, options.port)
    except OSError as error:
        return complain(options, error)
    server.run(listener)
    return 0


def complain(options: argparse.Namespace, error: OSError) -> int:
    reason, _, _ = (error.strerror or str(error)).partition(" (")  # which would tell the address once more
    print(f"reference_server: cannot listen on {options.host}:{options.port}: {reason}", file=sys.stderr)
    return 1


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
