"""The built-in profiles for servers of others: with two lines or a few more, they describe public ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatsim.profile.reader import builtin_names, read_profile

HERE = Path(__file__).parent
PUBLIC = (HERE / "public_servers.yaml").read_text(encoding="utf-8").split("\n---\n")
NO_CHAT = ("frogdev-yt-python-chat-server", "HappyGoFishing-python-tcp-chatroom")  # they let in, and that is all
DOCUMENT = (HERE.parent.parent / "docs" / "families.md").read_text(encoding="utf-8")


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def named(text: str) -> str:
    return lines_of(text)[0].removeprefix("profile: ")


@pytest.mark.parametrize("text", PUBLIC, ids=named)
def test_a_public_server_is_described_on_top_of_a_built_in_profile(text: str) -> None:
    profile = read_profile(text, f"{named(text)}.yaml")

    assert lines_of(text)[1].removeprefix("extends: ") in builtin_names()
    assert profile.public.says or profile.whisper.says or profile.rooms or named(text) in NO_CHAT


def test_the_document_counts_them_and_those_of_five_lines_or_fewer() -> None:
    told = re.findall(r"(\d+) (?:are described on top|of them in five\s+lines)", DOCUMENT)

    assert told == [str(len(PUBLIC)), str(sum(len(lines_of(text)) <= 5 for text in PUBLIC))]
