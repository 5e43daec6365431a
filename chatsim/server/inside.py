"""What runs inside a network namespace: a program of its own, started by its path (`chatsim.server.own_network` does).

`broker`: makes a namespace, brings its loopback up, and then makes sockets in it for whoever asks. They go over as
descriptors (SCM_RIGHTS), not connected yet. It ends with the link over which it is asked, so also when chatsim is killed;
a namespace ends with the last process and socket in it.

`enter`: goes into the namespace and becomes the server, in the same process.

It stands alone, imports nothing of chatsim, and is run without site packages: it must start quickly.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

USER, NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET
SETTINGS = ("ipv4/ip_unprivileged_port_start", "core/somaxconn", "ipv6/bindv6only")  # what a server's listening meets
NEW_LINK, NEW_ADDRESS, GET_ADDRESS, NEW_ROUTE, NEW_RULE = 16, 20, 22, 24, 32  # messages of rtnetlink
ERROR, DONE = 2, 3
REQUEST, ACKNOWLEDGE, DUMP, EXCLUSIVE, CREATE = 1, 4, 0x300, 0x200, 0x400
UP, NO_DETECTION = 1, 2  # an interface's flag, and an address's: it is not looked for among neighbours
ADDRESS, LOCAL = 1, 2  # attributes of an address
LINK_SCOPE = 253  # what is narrower than this is known on one wire only
LOOPBACK = 1  # its index in a new namespace
OUT_BY, SOURCE = 4, 7  # attributes of a route: the interface, and the address that it gives to who has none
PROTOCOL, TO_PORTS = 22, 24  # attributes of a rule: for whom it is
BUT_NAMES = ((1, 52), (54, 65534))  # all ports but that of name servers (and the last: the kernel takes it for none)
TABLE = 100  # of routes; any number that the kernel has no use of its own for
ELSEWHERE = ("203.0.113.1", 9)  # an address that no machine has


def broker(link_number: int) -> None:
    """Speaks on this descriptor, a Unix socket that keeps messages apart. First word: `=`, with the descriptors of the
    namespace (and of its user namespace, if it needed one); or why there is none."""
    import socket

    link = socket.socket(fileno=link_number)
    doing = "asking for the machine's addresses"
    try:
        addresses, outward = _addresses(), _outward()
        settings = {name: _setting(name) for name in SETTINGS}
        doing = "making a namespace"
        kinds = _leave()
        doing = "bringing its loopback up"
        _furnish(addresses, settings)
        with suppress(OSError):  # an old kernel: a nicety less
            _let_datagrams_out(outward)
        doing = "opening it"
        namespaces = [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in kinds]
    except OSError as error:
        limited = error.errno == errno.ENOSPC  # a word about disks, for a limit of user.max_net_namespaces and the like
        why = "the system's limit is reached, or it allows none" if limited else (error.strerror or str(error)).lower()
        link.send(f"{doing}: {why}".encode())
        return
    socket.send_fds(link, [b"="], namespaces)
    for number in namespaces:
        os.close(number)
    _serve(link)


def _serve(link) -> None:  # type: ignore[no-untyped-def]  # a socket, which is imported only where one is needed
    """Each question is a number, a family, a type and a protocol; the answer is that number and an error's, 0 with the
    socket."""
    import socket
    import struct

    with suppress(ConnectionError):
        while question := link.recv(64):
            number, *kind = struct.unpack("=iiii", question)
            try:
                with socket.socket(*kind) as made:
                    socket.send_fds(link, [struct.pack("=ii", number, 0)], [made.fileno()])
            except ConnectionError:
                raise
            except OSError as error:
                link.send(struct.pack("=ii", number, error.errno))


def _leave() -> tuple[str, ...]:
    """Go into a network of our own; where only a user namespace makes this possible, into one of these as well, in
    which we and the server stay who we are. Gives which kinds of namespaces are new, in the order of entering."""
    try:
        _unshare(NET)
        return ("net",)
    except PermissionError:
        user, group = os.geteuid(), os.getegid()
    _unshare(USER | NET)
    # Without `deny` an ordinary user may not map the group.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - pathlib is slow to import
            file.write(text)
    return ("user", "net")


def _furnish(addresses: Sequence[tuple[int, bytes]], settings: dict[str, str]) -> None:
    """Loopback up. It gets the machine's own addresses, too: a server that binds `gethostbyname(gethostname())` or the
    address of a network card finds it. And what was set about listening stays so."""
    import socket
    import struct

    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        _ask(kernel, NEW_LINK, 0, struct.pack("=BBHiII", 0, 0, 0, LOOPBACK, UP, UP))
        for family, address in addresses:
            attributes = b"".join(struct.pack("=HH", 4 + len(address), kind) + address for kind in (LOCAL, ADDRESS))
            body = struct.pack("=BBBBI", family, 8 * len(address), NO_DETECTION, 0, LOOPBACK) + attributes
            with suppress(OSError):  # there already, or a family that is switched off
                _ask(kernel, NEW_ADDRESS, EXCLUSIVE | CREATE, body)
    for name, value in settings.items():
        if value and value != _setting(name):
            with suppress(OSError), open(f"/proc/sys/net/{name}", "w") as file:  # noqa: PTH123
                file.write(value)


def _outward() -> bytes:
    """The address under which this machine speaks to others; none: it cannot. Nothing is sent for it."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return b""
        return socket.inet_aton(probe.getsockname()[0])


def _let_datagrams_out(outward: bytes) -> None:
    """Many a server asks for its own address by connecting a UDP socket to some far one, which sends nothing. So there
    is a way out for datagrams, but it leads back in here, to where nobody listens. Questions for a name have none: they
    fail at once as it is, and would be waited for."""
    import socket
    import struct

    if not outward:
        return
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        everything_by_loopback = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, TABLE, 4, LINK_SCOPE, 1, 0)
        how = struct.pack("=HHI", 8, OUT_BY, LOOPBACK) + struct.pack("=HH", 8, SOURCE) + outward
        _ask(kernel, NEW_ROUTE, EXCLUSIVE | CREATE, everything_by_loopback + how)
        look_it_up = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, TABLE, 0, 0, 1, 0)
        datagrams = struct.pack("=HHBxxx", 5, PROTOCOL, socket.IPPROTO_UDP)
        for ports in BUT_NAMES:
            _ask(
                kernel, NEW_RULE, EXCLUSIVE | CREATE, look_it_up + datagrams + struct.pack("=HHHH", 8, TO_PORTS, *ports)
            )


def _addresses() -> list[tuple[int, bytes]]:
    """The addresses of this machine that are good for more than one wire: family and bytes."""
    import socket
    import struct

    found = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        for body in _ask(kernel, GET_ADDRESS, DUMP, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
            family, _, _, scope, _ = struct.unpack_from("=BBBBI", body)
            attributes, at = {}, 8
            while at + 4 <= len(body):
                length, kind = struct.unpack_from("=HH", body, at)
                attributes[kind] = body[at + 4 : at + length]
                at += (length + 3) & ~3 or 4
            address = attributes.get(LOCAL) or attributes.get(ADDRESS)
            if address and scope < LINK_SCOPE:
                found.append((family, address))
    return found


def _ask(kernel, kind: int, flags: int, body: bytes) -> list[bytes]:  # type: ignore[no-untyped-def]
    """One question to the kernel's routing; the bodies of its answers. Raises OSError."""
    import struct

    question = struct.pack(
        "=IHHII", 16 + len(body), kind, flags | REQUEST | (0 if flags == DUMP else ACKNOWLEDGE), 1, 0
    )
    kernel.settimeout(1.0)
    kernel.send(question + body)
    answers: list[bytes] = []
    while True:
        data, at = kernel.recv(256 * 1024), 0
        while at + 16 <= len(data):
            length, what = struct.unpack_from("=IH", data, at)
            if what == DONE:
                return answers
            if what == ERROR:
                code = -struct.unpack_from("=i", data, at + 16)[0]
                if code:
                    raise OSError(code, os.strerror(code))
                return answers
            answers.append(data[at + 16 : at + length])
            at += (length + 3) & ~3


def _setting(name: str) -> str:
    try:
        with open(f"/proc/sys/net/{name}") as file:  # noqa: PTH123
            return file.read().strip()
    except OSError:
        return ""


def enter(failure: int, namespaces: Sequence[int], words: list[str]) -> None:
    """Go into these namespaces and become the server. `failure` is a pipe: the error number if that cannot be."""
    import signal

    try:
        for number in namespaces:
            _join(number)
        for number in (*namespaces, failure):
            os.set_inheritable(number, False)
        for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and what is ignored stays so
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execvpe(words[0], words, _environment())
    except OSError as error:
        os.write(failure, b"%d" % (error.errno or 0))
        os._exit(127)


def _environment() -> dict[bytes, bytes]:
    """As it was given to this process, without what Python itself may have added for its own sake (LC_CTYPE)."""
    with open("/proc/self/environ", "rb") as file:  # noqa: PTH123
        pairs = (entry.partition(b"=") for entry in file.read().split(b"\0"))
    return {name: value for name, equal, value in pairs if equal}


def _unshare(kinds: int) -> None:
    _call("unshare", kinds)


def _join(namespace: int) -> None:
    _call("setns", namespace, 0)


def _call(name: str, *arguments: int) -> None:
    """A call that Python's `os` knows from 3.12 on. Raises OSError."""
    if (known := getattr(os, name, None)) is not None:
        known(*arguments)
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    if sys.argv[1] == "broker":
        broker(int(sys.argv[2]))
    else:  # enter FAILURE NAMESPACE[,NAMESPACE] WORD...
        enter(int(sys.argv[2]), [int(number) for number in sys.argv[3].split(",")], sys.argv[4:])
