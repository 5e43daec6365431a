"""What a server seems to want is told from its words."""

from __future__ import annotations

import pytest

from chatsim.detect.asking import answer_to, foreign, is_refusal


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("NICK", "{nick}"),
        ("Enter your name: ", "{nick}"),
        ("Welcome to the chat!\nPlease enter your username:\n", "{nick}"),
        ("Password: ", "{password}"),
        ("APELIDO", "{nick}"),
        ("Введите имя: ", "{nick}"),
        ("请输入昵称：", "{nick}"),
        ("Inserisci il tuo nickname: ", "{nick}"),
        ("Which room do you want to join?", "lobby"),
        ("autorisé", "{nick}"),
        ("Welcome to the chat room!\n", ""),
        ("Connected to the server!", ""),
        ('{"type": "welcome", "ask": "name?"}', ""),
        ("", ""),
    ],
)
def test_a_question_gets_the_answer_that_it_asks_for(said: str, answer: str) -> None:
    assert answer_to(said) == answer


@pytest.mark.parametrize("said", ["Nickname already in use!", "That name is taken.", "ERROR", "again"])
def test_a_refusal_reads_as_one(said: str) -> None:
    assert is_refusal(said)


@pytest.mark.parametrize("said", ["Welcome, ann!", "Connected to the server!", "OK"])
def test_a_welcome_reads_as_none(said: str) -> None:
    assert not is_refusal(said)


@pytest.mark.parametrize(
    ("first", "name", "chat"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server", False),
        (b"220 mail.example.org ESMTP Postfix\r\n", "a mail server (SMTP)", False),
        (b"HTTP/1.1 400 Bad Request\r\n", "an HTTP server", True),
        (b":irc.example.org NOTICE * :*** Looking up\r\n", "an IRC server", True),
        (b"\x15\x03\x01\x00\x02\x02\x46", "a server that speaks TLS", True),
    ],
)
def test_another_protocol_is_known_by_its_first_words(first: bytes, name: str, chat: bool) -> None:
    found = foreign(first)

    assert found is not None
    assert (found.name, found.chat) == (name, chat)


@pytest.mark.parametrize("first", [b"", b"Welcome!", b"NICK", b"220 people are here", b"* OK then"])
def test_a_chat_is_not_taken_for_another_protocol(first: bytes) -> None:
    assert foreign(first) is None
