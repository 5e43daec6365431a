"""Quit words, commands and keys: what a server compares with what it was sent."""

from __future__ import annotations

import pytest

from chatsim.detect.source.clues import Clues, read_python

HANDLER = """
def handle(conn):
    while True:
        data = conn.recv(1024).decode().strip()
{body}
"""


def of_body(body: str) -> Clues:
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    return read_python({"server.py": HANDLER.format(body=lines)})


def words(clues: object) -> list[object]:
    assert isinstance(clues, tuple)
    return [clue.value for clue in clues]


@pytest.mark.parametrize(
    "body",
    [
        "if data == 'plum!': break",
        "if 'plum!' == data:\n    conn.close()\n    return",
        "if data in ('plum!',): break",
        "if data.startswith('plum!'): break",
        "if data.lower() == 'plum!':\n    if conn in clients:\n        clients.remove(conn)",
        "if data != 'plum!': pass\nelse: break",
        "match data:\n    case 'plum!': break",
        "word = data.split()[0]\nif word == 'plum!': break",
        "if not data or data == 'plum!': break",
    ],
)
def test_a_word_after_which_the_client_is_let_go_is_a_quit_word(body: str) -> None:
    assert words(of_body(body).quit_words) == ["plum!"]


def test_a_word_that_reads_like_a_goodbye_is_one_even_where_the_way_out_is_not_seen() -> None:
    assert words(of_body("if data == '/quit': self.leave_it_to_others()").quit_words) == ["/quit"]


def test_a_word_that_is_let_go_for_comes_behind_one_that_also_reads_so() -> None:
    assert words(of_body("if data == 'xyzzy': break\nif data == '/exit': break").quit_words) == ["/exit", "xyzzy"]


def test_what_the_operator_types_is_no_word_of_a_client() -> None:
    assert words(of_body("typed = input()\nif typed == 'quit': break").quit_words) == []


def test_commands_and_the_word_that_lists_names_are_told_apart() -> None:
    found = of_body(
        "if data == '/quit': break\n"
        "elif data == '/wer': conn.send(', '.join(nicknames).encode())\n"
        "elif data.startswith('/msg '): whisper(data)\n"
        "elif data == '/nick': pass"
    )

    assert words(found.quit_words) == ["/quit"]
    assert words(found.roster_words) == ["/wer"]
    assert words(found.commands) == ["/msg ", "/nick"]


def test_a_table_of_commands_is_read_as_comparisons() -> None:
    found = read_python(
        {"s.py": "TABLE = {'/me': f, '/who': g}\ncommand = conn.recv(99).decode()\nTABLE.get(command)()"}
    )

    assert words(found.compared) == ["/me", "/who"]


def test_keys_of_objects_come_with_the_values_that_they_may_have() -> None:
    found = of_body(
        "message = json.loads(data)\n"
        "kind = message['type']\n"
        "if kind == 'login': name = message.get('nick')\n"
        "elif kind in ('say', 'shout'): text = message['text']\n"
        "conn.send(json.dumps({'type': 'said', 'by': name}).encode())"
    )

    assert {key.name: key.values for key in found.json_read} == {
        "type": ("login", "say", "shout"),
        "nick": (),
        "text": (),
    }
    assert [written.keys for written in found.json_written] == [("type", "by")]


def test_literals_come_with_the_most_promising_first() -> None:
    found = of_body("print('for us')\nword = 'spare'\nif data == '/q': break\nconn.send(b'Name?')")

    assert found.literals() == ("/q", "Name?", "spare")
