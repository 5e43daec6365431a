"""The textbook server: one thread that reads and one that writes a client, one lock, and no mistake.

It is what a good student hands in. Each fault of this folder is this server with one thing done otherwise, so its
methods are the places where students go wrong: how one is let in, what is read, who is told, how one goes.
"""

import os
import queue
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator

from reference_server.faults.speech import Speech
from reference_server.room import is_proper_name
from reference_server.wire import Lines, Malformed

BACKLOG = 256
RECEIVE_SIZE = 64 * 1024

# A client that leaves so much unread is not reading, and has to go.
MOST_UNREAD = 32 * 1024 * 1024

# How long a client that goes may take to read its last words.
LAST_WORDS_SECONDS = 0.5

# How long the server waits for its threads when it is told to end. They end at once, unless something is wrong.
ENDING_SECONDS = 1.0


class Client:
    """One connection, and who is at its other end. Telling it something never waits: a thread of its own sends."""

    def __init__(self, sock: socket.socket, speech: Speech) -> None:
        self.sock = sock
        self.framing = speech.framing()
        self.nick = ""
        self.rooms: set[str] = set()
        self.joined = False
        self.unread = 0  # bytes that it has been told and that are not sent yet
        self.counting = threading.Lock()
        self.outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.writer = threading.Thread(target=self.write, name="writer", daemon=True)
        self.writer.start()

    def tell(self, data: bytes) -> None:
        """Have this sent, after all that it was told before."""
        with self.counting:
            self.unread += len(data)
            too_much = self.unread > MOST_UNREAD
        if too_much:
            self.hang_up()
        else:
            self.outbox.put(data)

    def write(self) -> None:
        try:
            while (data := self.outbox.get()) is not None:
                self.sock.sendall(data)
                with self.counting:
                    self.unread -= len(data)
        except OSError:
            pass  # it has gone, which its reader finds out, too

    def hang_up(self) -> None:
        """End the connection; both its threads notice."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended by itself

    def close(self) -> None:
        """Let the last words be sent, and close."""
        self.outbox.put(None)
        self.writer.join(LAST_WORDS_SECONDS)
        self.hang_up()
        self.writer.join()
        self.sock.close()


class ChatServer:
    """Who is here, and what happens to them. Whoever changes that, or tells several people something, holds the lock."""

    client_class = Client

    def __init__(self, speech: Speech) -> None:
        self.speech = speech
        self.lock = threading.RLock()
        self.clients: list[Client] = []  # those who have joined, in order
        self.connections: dict[Client, threading.Thread] = {}  # all who are connected, and who serves them
        self.unanswered: deque[Client] = deque()  # for the operator: one entry a message, the oldest first
        self.printing = threading.Lock()

    # --- the server's life -----------------------------------------------------------------------------------------

    def run(self, listener: socket.socket) -> None:
        """Serve until Ctrl-C."""
        self.open(*listener.getsockname()[:2])
        try:
            self.accept_all(listener)
        except KeyboardInterrupt:
            pass
        finally:
            listener.close()
            self.end()

    def listen(self, host: str, port: int) -> socket.socket:
        return socket.create_server((host, port), backlog=BACKLOG)  # which sets SO_REUSEADDR

    def open(self, host: str, port: int) -> None:
        self.show(self.speech.opening or f"Listening on {host}:{port} (dialect {self.speech.name})")
        if self.speech.heard_by == "operator":
            threading.Thread(target=self.read_operator, name="operator", daemon=True).start()

    def accept_all(self, listener: socket.socket) -> None:
        while True:
            self.accept(listener)

    def accept(self, listener: socket.socket) -> None:
        sock, address = listener.accept()
        self.start_serving(sock, address)

    def start_serving(self, sock: socket.socket, address: tuple[str, int]) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = self.client_class(sock, self.speech)
        thread = threading.Thread(target=self.serve, args=(client, address), name="reader", daemon=True)
        with self.lock:
            self.connections[client] = thread
        thread.start()

    def end(self) -> None:
        """Send everybody home; nobody is told of the others' going."""
        with self.lock:
            self.clients.clear()
            everybody = dict(self.connections)
        deadline = time.monotonic() + ENDING_SECONDS
        for client in everybody:
            client.hang_up()
        for thread in everybody.values():
            if thread.is_alive():  # a Ctrl-C may have struck just before it was started
                thread.join(max(0.0, deadline - time.monotonic()))

    def show(self, text: str) -> None:
        with self.printing:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def show_about(self, occasion: str, **what: object) -> None:
        template = self.speech.shows.get(occasion)
        if template is not None:
            self.show(template.format(**what))

    # --- one client's life -----------------------------------------------------------------------------------------

    def serve(self, client: Client, address: tuple[str, int]) -> None:
        """From the first moment to the last, in a thread of its own."""
        try:
            self.greet(client, address)
            for text in self.texts(client):
                if not self.answer(client, text):
                    break
        except OSError:
            pass  # a reset: gone is gone
        finally:
            self.see_off(client)

    def greet(self, client: Client, address: tuple[str, int]) -> None:
        self.show_about("arrived", address=address)
        self.tell(client, "prompt")
        if not self.speech.asks_nick:
            self.add(client)

    def texts(self, client: Client) -> Iterator[str]:
        """What the client says, until it has gone, or has said what cannot be understood in any way."""
        while data := client.sock.recv(RECEIVE_SIZE):
            for message in client.framing.feed(data):
                text = None if isinstance(message, Malformed) else self.speech.text_in(message)
                if text is not None:
                    yield text
                elif isinstance(message, Malformed) or not self.speech.encode("not understood"):
                    return
                else:
                    self.tell(client, "not understood")

    def join(self, client: Client, nick: str) -> bool:
        """Let the client in under this name; False if it has to go."""
        if not is_proper_name(nick):
            return self.refuse(client, nick, "not allowed")
        with self.lock:
            if self.is_taken(nick):
                return self.refuse(client, nick, "taken")
            client.nick = nick
            self.add(client)
            self.tell(client, "welcome", nick=nick)
            self.announce("joined", client)
        return True

    def is_taken(self, nick: str) -> bool:
        return self.speech.names_are_unique and any(client.nick == nick for client in self.clients)

    def refuse(self, client: Client, nick: str, why: str) -> bool:
        self.tell(client, why, nick=nick)
        return not self.speech.refused_must_go

    def add(self, client: Client) -> None:
        with self.lock:
            client.joined = True
            self.clients.append(client)

    def see_off(self, client: Client) -> None:
        """The client is gone, in whatever way."""
        self.remove(client)
        self.show_about("left")
        client.close()
        self.forget(client)

    def remove(self, client: Client) -> None:
        with self.lock:
            if client in self.clients:
                self.clients.remove(client)
                self.announce("left", client)

    def forget(self, client: Client) -> None:
        with self.lock:
            self.connections.pop(client, None)
            self.unanswered = deque(other for other in self.unanswered if other is not client)

    # --- what it says ----------------------------------------------------------------------------------------------

    def answer(self, client: Client, text: str) -> bool:
        """Do what the client wants; False if it wants to go, or must."""
        request = self.speech.understand(text, client.joined)
        match request.kind:
            case "join":
                return self.join(client, request.text)
            case "bye":
                return self.say_goodbye(client)
            case "say":
                self.say(client, request.text)
            case "rename":
                self.rename(client, request.text)
            case "tell":
                self.whisper(client, request.to, request.text)
            case "who":
                client.tell(self.speech.roster(self.nicks()))
            case "enter":
                self.enter(client, request.to)
            case "exit":
                self.exit(client, request.to)
            case "in":
                self.say_in_room(client, request.to, request.text)
            case "nothing":
                pass
            case _:
                self.tell(client, "not understood")
        return True

    def say_goodbye(self, client: Client) -> bool:
        self.tell(client, "farewell", nick=client.nick)
        return False

    def say(self, client: Client, text: str) -> None:
        with self.lock:
            self.show_about("said", text=text.encode(errors="replace").decode())
            match self.speech.heard_by:
                case "others" | "all":
                    self.broadcast(self.said(client, text), self.hearers(client))
                    self.tell(client, "receipt", text=text)
                case "self":
                    client.tell(self.said(client, text))
                case "operator":
                    self.unanswered.append(client)

    def said(self, client: Client, text: str) -> bytes:
        """How others read it."""
        return self.speech.encode("said", nick=client.nick, text=text)

    def hearers(self, client: Client) -> list[Client]:
        """Who hears what this client says in public."""
        return list(self.clients) if self.speech.heard_by == "all" else self.others(client)

    def rename(self, client: Client, nick: str) -> None:
        with self.lock:
            if not is_proper_name(nick):
                self.tell(client, "not allowed", nick=nick)
            elif self.is_taken(nick):
                self.tell(client, "taken", nick=nick)
            else:
                self.call(client, nick)

    def call(self, client: Client, nick: str) -> None:
        """From now on it is called so; whoever calls this holds the lock."""
        old, client.nick = client.nick, nick
        self.tell(client, "you are", nick=nick)
        self.broadcast(self.speech.encode("renamed", old=old, nick=nick), self.others(client))

    def whisper(self, client: Client, to: str, text: str) -> None:
        with self.lock:
            addressees = [other for other in self.clients if other.nick == to]
            if not addressees:
                self.tell(client, "nobody", nick=to)
            self.broadcast(self.speech.encode("whispered", nick=client.nick, text=text), addressees)

    def nicks(self) -> list[str]:
        with self.lock:
            return [client.nick for client in self.clients]

    def enter(self, client: Client, room: str) -> None:
        with self.lock:
            client.rooms.add(room)
            self.tell(client, "you entered", room=room)
            self.tell_room(client, room, "entered", nick=client.nick)

    def exit(self, client: Client, room: str) -> None:
        with self.lock:
            client.rooms.discard(room)
            self.tell(client, "you left", room=room)
            self.tell_room(client, room, "left room", nick=client.nick)

    def say_in_room(self, client: Client, room: str, text: str) -> None:
        with self.lock:
            if room in client.rooms:
                self.tell_room(client, room, "said in room", nick=client.nick, text=text)
            else:
                self.tell(client, "not in room", room=room)

    # --- who is told -----------------------------------------------------------------------------------------------

    def tell(self, client: Client, occasion: str, **what: str) -> None:
        data = self.speech.encode(occasion, **what)
        if data:
            client.tell(data)

    def announce(self, occasion: str, client: Client) -> None:
        """Tell the others that this client has come or gone."""
        self.broadcast(self.speech.encode(occasion, nick=client.nick), self.others(client))

    def tell_room(self, client: Client, room: str, occasion: str, **what: str) -> None:
        self.broadcast(
            self.speech.encode(occasion, room=room, **what),
            [other for other in self.others(client) if room in other.rooms],
        )

    def others(self, client: Client) -> list[Client]:
        with self.lock:
            return [other for other in self.clients if other is not client]

    def broadcast(self, data: bytes, to: list[Client]) -> None:
        with self.lock:  # so that everybody hears everything in one order
            for client in to if data else ():
                client.tell(data)

    # --- the operator ----------------------------------------------------------------------------------------------

    def read_operator(self) -> None:
        lines = Lines()
        # Not `for line in sys.stdin`: its lock would be held for ever by this thread, which never ends.
        while data := os.read(0, 4096):
            for line in lines.feed(data):
                with self.lock:
                    if self.unanswered and isinstance(line, bytes):
                        self.answer_one(line.decode("utf-8", "replace"))

    def answer_one(self, line: str) -> None:
        client = self.unanswered.popleft()
        if line == ".":
            client.hang_up()
        else:
            self.tell(client, "answer", text=line)
