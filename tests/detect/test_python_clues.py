"""Clues from Python servers, each written as students write them."""

from __future__ import annotations

import pytest

from chatsim.detect.source.clues import Clues, read_python

ROOM = """
import socket, threading

HOST = "127.0.0.1"
PORT = 5151
BUFFER = 2048
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind((HOST, PORT))
server.listen(7)
clients, nicknames = [], []

def broadcast(message):
    for client in clients:
        client.send(message)

def handle(client):
    while True:
        try:
            message = client.recv(BUFFER)
            broadcast(message)
        except:
            index = clients.index(client)
            clients.remove(client)
            client.close()
            nickname = nicknames[index]
            broadcast(f"{nickname} went away, left us".encode("ascii"))
            nicknames.remove(nickname)
            break

def receive():
    while True:
        client, address = server.accept()
        client.send("WHO?".encode("ascii"))
        nickname = client.recv(BUFFER).decode("ascii")
        nicknames.append(nickname)
        clients.append(client)
        broadcast("{} joined us".format(nickname).encode("ascii"))
        client.send("Welcome in".encode("ascii"))
        threading.Thread(target=handle, args=(client,)).start()

receive()
"""

HEADED = """
import socket, threading
HEADER = 64
FORMAT = "utf-8"
BYE = "!BYE"
s = socket.socket()
s.bind((socket.gethostbyname(socket.gethostname()), 5050))

def handle(conn, addr):
    connected = True
    while connected:
        length = conn.recv(HEADER).decode(FORMAT)
        if length:
            length = int(length)
            msg = conn.recv(length).decode(FORMAT)
            if msg == BYE:
                connected = False
                conn.close()
            conn.send("Got it".encode(FORMAT))
"""


def clues(source: str, **others: str) -> Clues:
    return read_python({"server.py": source, **{f"{name}.py": text for name, text in others.items()}})


def templates(found: Clues, about: str) -> list[str]:
    return [told.text.template() for told in found.about(about)]


def test_a_room_that_asks_for_a_name_is_read_whole() -> None:
    found = clues(ROOM)

    assert [clue.value for clue in found.ports] == [5151]
    assert [clue.value for clue in found.sizes] == [2048]
    assert [clue.value for clue in found.framings] == ["none"]
    assert [clue.value for clue in found.encodings] == ["ascii"]
    assert [clue.value for clue in found.wires] == ["tcp"]
    assert templates(found, "prompt") == ["WHO?"]
    assert templates(found, "welcome") == ["Welcome in"]
    assert templates(found, "message") == ["{text}"]
    assert templates(found, "joined") == ["{nick} joined us"]
    assert templates(found, "left") == ["{nick} went away, left us"]


def test_every_clue_tells_its_file_and_line() -> None:
    (port,) = clues(ROOM).ports

    assert (port.file, ROOM.splitlines()[port.line - 1]) == ("server.py", "server.bind((HOST, PORT))")


def test_a_length_of_so_many_digits_that_is_read_and_never_written_is_a_framing_of_one_direction() -> None:
    found = clues(HEADED)

    assert found.header is not None
    assert (found.header.kind, found.header.width, found.header.read, found.header.written) == (
        "digits",
        64,
        True,
        False,
    )
    assert found.framings[0].value == "{sent: {digits: 64, align: left}, received: none}"


def test_what_ends_a_session_is_a_quit_word() -> None:
    assert [clue.value for clue in clues(HEADED).quit_words] == ["!BYE"]


def test_constants_are_followed_between_files() -> None:
    found = clues(
        "import settings\ns.bind((settings.HOST, settings.PORT))\n", settings='HOST = ""\nPORT = 4 * 1000 + 7\n'
    )

    assert [clue.value for clue in found.ports] == [4007]


@pytest.mark.parametrize(
    ("expression", "template"),
    [
        ('f"<{nickname}> {message}"', "<{nick}> {text}"),
        ('"<%s> %s" % (nickname, message)', "<{nick}> {text}"),
        ('"<{}> {}".format(nickname, message)', "<{nick}> {text}"),
        ('"<{n}> {m}".format(n=nickname, m=message)', "<{nick}> {text}"),
        ('"<" + nickname + "> " + message', "<{nick}> {text}"),
        ('json.dumps({"from": nickname, "text": message})', '{"from": "{nick}", "text": "{text}"}'),
        ('f"{addr[0]}:{addr[1]} {message}"', "{ip}:{client-port} {text}"),
        ('f"{addr} {message}"', "('{ip}', {client-port}) {text}"),
    ],
)
def test_a_text_is_read_however_it_is_put_together(expression: str, template: str) -> None:
    source = f"""
import json
def handle(conn, addr):
    nickname = conn.recv(99).decode()
    while True:
        message = conn.recv(99).decode()
        for other in everybody:
            if other != conn:
                other.sendall(({expression}).encode())
"""
    (told,) = clues(source).sent

    assert (told.text.template(), told.to, told.but_sender, told.about) == (template, "many", True, "message")
