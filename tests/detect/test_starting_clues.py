"""Ports, wires and needs: how a server is started, as its source says."""

from __future__ import annotations

import pytest

from chatsim.detect.source.clues import read_python


@pytest.mark.parametrize(
    ("source", "ports"),
    [
        ("s.bind(('', 5000))", [5000]),
        ("ADDR = ('0.0.0.0', 5000)\ns.bind(ADDR)", [5000]),
        ("port = int(os.environ.get('PORT', '5000'))\ns.bind(('', port))", [5000]),
        ("p.add_argument('--port', default=5000, type=int)", [5000]),
        ("reactor.listenTCP(5000, Factory())", [5000]),
        ("asyncio.start_server(handle, 'localhost', 5000)", [5000]),
        ("class Server:\n    def __init__(self, host='', port=5000): pass", [5000]),
        ("config = {'host': '', 'port': 5000}", [5000]),
        ("s.listen(5)", []),
        ("port = 5000\nserver_port = 5001\ns.bind(('', server_port))", [5001, 5000]),
    ],
)
def test_a_port_is_found_wherever_it_stands_the_bound_one_first(source: str, ports: list[int]) -> None:
    assert [clue.value for clue in read_python({"s.py": source}).ports] == ports


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("port = int(sys.argv[1])", "1"),
        ("host, port = sys.argv[1], int(sys.argv[2])", "2"),
        ("s.bind((sys.argv[1], int(sys.argv[2])))", "2"),
        ("p.add_argument('-p', '--port', type=int)", "--port"),
    ],
)
def test_it_is_told_where_on_the_command_line_the_port_stands(source: str, where: str) -> None:
    clue = read_python({"s.py": source}).port_argument

    assert clue is not None
    assert clue.value == where


@pytest.mark.parametrize(
    ("source", "need"),
    [
        ("import tkinter as tk", ("display", "tkinter")),
        ("from pymongo import MongoClient", ("database", "pymongo")),
        ("from Crypto.Cipher import AES", ("cipher", "Crypto")),
        ("import pickle", ("pickle", "pickle")),
        ("import colorama", ("package", "colorama")),
        ("port = input('Port: ')", ("input", "Port:")),
        ("x = sys.argv[3]", ("arguments", "3")),
        ("open('users.txt')", ("file", "users.txt")),
        ("open('users.txt', 'r')", ("file", "users.txt")),
        ("os.environ['KEY']", ("environment", "KEY")),
        ("s.bind(('10.1.2.3', 99))", ("address", "10.1.2.3")),
    ],
)
def test_it_is_told_what_a_server_needs(source: str, need: tuple[str, str]) -> None:
    assert [(one.kind, one.what) for one in read_python({"s.py": source}).needs] == [need]


def test_what_lies_beside_it_or_is_pythons_own_or_is_only_written_is_no_need() -> None:
    source = "import socket, settings\nopen('log.txt', 'w')\nopen('log.txt', mode='a')\ns.bind(('127.0.0.1', 99))"

    assert read_python({"s.py": source, "settings.py": ""}).needs == ()


@pytest.mark.parametrize(
    ("source", "wires"),
    [
        ("socket.socket(socket.AF_INET, socket.SOCK_STREAM)", ["tcp"]),
        ("socket.socket()", ["tcp"]),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", ["udp"]),
        ("import websockets", ["websocket"]),
        ("socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)", ["unix", "tcp"]),
        ("ssl.SSLContext()\nsocket.socket()", ["tls", "tcp"]),
    ],
)
def test_it_is_told_on_what_is_spoken(source: str, wires: list[str]) -> None:
    assert [clue.value for clue in read_python({"s.py": source}).wires] == wires
