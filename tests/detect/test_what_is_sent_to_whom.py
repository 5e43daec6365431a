"""Texts that a server sends: to whom, when, and through which of its helpers."""

from __future__ import annotations

from chatsim.detect.source.clues import Clues, Hole, Text, read_python


def told(source: str) -> list[tuple[str, str, str]]:
    return [(one.about, one.to, one.text.template()) for one in read_python({"server.py": source}).sent]


def test_a_helper_is_seen_through_and_what_it_adds_is_kept() -> None:
    source = """
def send_msg(conn, msg):
    conn.sendall((msg + "\\n").encode())

def handle(conn):
    send_msg(conn, "name?")
    name = conn.recv(99).decode()
    for other in clients:
        send_msg(other, f"{name} joined")
"""
    assert told(source) == [("prompt", "one", "name?\n"), ("joined", "many", "{nick} joined\n")]


def test_helpers_of_helpers_and_of_other_files_are_seen_through() -> None:
    main = """
import wire
def tell_all(text, but):
    for conn in clients:
        if conn is not but:
            wire.put_out(conn, text)

def handle(conn):
    while True:
        data = conn.recv(99).decode()
        tell_all("#" + data, conn)
"""
    clues = read_python(
        {"server.py": main, "wire.py": "def put_out(sock, message):\n    sock.send(message.encode())\n"}
    )
    (one,) = clues.sent

    assert (one.text.template(), one.to, one.but_sender, one.about) == ("#{text}", "many", True, "message")


def test_a_name_is_not_taken_for_the_text_though_both_were_received() -> None:
    source = """
def handle(conn):
    who = conn.recv(99).decode()
    while True:
        words = conn.recv(99).decode()
        broadcast(who + "> " + words)
def broadcast(m):
    for c in conns: c.send(m.encode())
"""
    assert told(source) == [("message", "many", "{nick}> {text}")]


def test_a_loop_over_ready_sockets_is_not_one_over_clients() -> None:
    source = """
while True:
    readable, _, _ = select.select(socks, [], [])
    for sock in readable:
        if sock is server:
            conn, addr = server.accept()
            conn.send(b"Who are you?")
        else:
            data = sock.recv(99)
            sock.send(b"thanks")
"""
    assert told(source) == [("prompt", "one", "Who are you?"), ("reply", "one", "thanks")]


def test_what_an_asyncio_protocol_sends_first_is_told_from_what_it_answers() -> None:
    source = """
class Chat(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.transport.write(b"Name: ")
    def data_received(self, data):
        self.transport.write(b"ok")
    def connection_lost(self, why):
        for other in others:
            other.transport.write(f"{self.name} is gone".encode())
"""
    assert told(source) == [("prompt", "one", "Name: "), ("reply", "one", "ok"), ("left", "many", "{nick} is gone")]


def test_a_text_says_how_many_reads_came_before_it() -> None:
    source = """
def handle(conn):
    conn.send(b"user?")
    user = conn.recv(99)
    conn.send(b"password?")
    password = conn.recv(99)
    conn.send(b"hello")
"""
    assert [one.receipts for one in read_python({"s.py": source}).sent] == [0, 1, 2]


def test_a_function_that_is_a_thread_goes_on_where_it_is_started() -> None:
    source = """
def chat(conn, nick):
    conn.send(b"go on")
def accept():
    conn, _ = s.accept()
    nick = conn.recv(99)
    Thread(target=chat, args=(conn, nick)).start()
"""
    assert [one.receipts for one in read_python({"s.py": source}).sent] == [1]


def test_names_put_together_in_a_loop_are_a_roster() -> None:
    source = """
def handle(conn):
    while True:
        data = conn.recv(99)
        if data == b"/list":
            answer = "Here: "
            for one in users:
                answer += one + ", "
            conn.send(answer.encode())
"""
    clues: Clues = read_python({"s.py": source})

    assert [one.text.template() for one in clues.sent] == ["Here: {nicks}"]
    assert [clue.value for clue in clues.roster_words] == ["/list"]


def test_bytes_that_nobody_decoded_show_as_such() -> None:
    source = 'def handle(conn):\n    name = conn.recv(99)\n    conn.send(f"hello {name}".encode())\n'

    assert told(source) == [("welcome", "one", "hello b'{nick}'")]


def test_a_brace_that_looks_like_a_placeholder_is_none_in_the_template() -> None:
    assert Text(("{nick} is ", " {a}"), (Hole("x", "text"),)).template() == "{{nick}} is {text} {{a}}"


def test_an_object_that_is_filled_key_by_key_is_read_as_one() -> None:
    source = """
def handle(conn):
    nick = conn.recv(99)
    answer = {"type": "hello"}
    answer["you"] = nick
    conn.send(json.dumps(answer).encode())
"""
    clues = read_python({"s.py": source})

    assert [one.text.template() for one in clues.sent] == ['{"type": "hello", "you": "{nick}"}']
    assert [written.keys for written in clues.json_written] == [("type", "you")]


def test_the_words_of_a_message_put_together_again_are_no_roster() -> None:
    source = """
def handle(conn):
    while True:
        command = conn.recv(99).decode().split()
        for other in clients:
            other.send(("he says: " + " ".join(command[1:])).encode())
"""
    assert told(source) == [("message", "many", "he says: {text}")]


def test_what_a_thread_of_its_own_sends_is_sent_where_it_is_started() -> None:
    source = """
def tell(message):
    for client in clients:
        client.send(message)
def handle(conn):
    while True:
        message = conn.recv(99)
        Thread(target=tell, args=(message,)).start()
"""
    assert told(source) == [("message", "many", "{text}")]


def test_what_is_told_when_a_connection_is_lost_is_about_one_who_left_whatever_the_words() -> None:
    source = """
class Chat(asyncio.Protocol):
    def connection_lost(self, why):
        for other in others:
            other.transport.write(f"- {self.name}".encode())
"""
    assert told(source) == [("left", "many", "- {nick}")]


def test_a_name_that_is_assigned_anew_is_what_it_was_last() -> None:
    source = """
def handle(conn):
    out = "first?"
    conn.send(out.encode())
    out = "second?"
    conn.send(out.encode())
"""
    assert told(source) == [("prompt", "one", "first?"), ("prompt", "one", "second?")]


def test_what_is_kept_for_each_connection_is_who_it_is() -> None:
    source = """
def handle(conn):
    while True:
        data = conn.recv(99).decode()
        for other in everybody:
            other.send(f"{table[conn]}> {data}".encode())
"""
    assert told(source) == [("message", "many", "{nick}> {text}")]


def test_a_length_that_stands_before_a_text_belongs_to_the_framing() -> None:
    source = """
def put(conn, text):
    conn.send(f"{len(text):<10}".encode() + text.encode())
def handle(conn):
    put(conn, "who?")
"""
    assert told(source) == [("prompt", "one", "who?")]
