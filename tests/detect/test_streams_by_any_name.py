"""A stream is one by what is done with it, whatever its author calls it."""

from __future__ import annotations

from chatsim.detect.source.clues import Clues, read_python

USUAL = """
import asyncio
guests = {}
async def guest(reader, writer):
    name = (await reader.readline()).decode().strip()
    guests[name] = writer
    while True:
        text = (await reader.readline()).decode().strip()
        if text == "over":
            break
        for writer in guests.values():
            writer.write(f"{name}> {text}".encode())
asyncio.run(asyncio.start_server(guest, "127.0.0.1", 5000))
"""


def seen(clues: Clues) -> tuple[list[object], list[str], list[object]]:
    return (
        [clue.value for clue in clues.quit_words],
        [told.text.template() for told in clues.sent],
        [clue.value for clue in clues.framings][:1],
    )


def test_streams_of_one_letter_say_what_streams_of_the_usual_names_say() -> None:
    short = USUAL.replace("reader", "r").replace("writer", "w")

    assert seen(read_python({"server.py": short})) == seen(read_python({"server.py": USUAL}))
    assert seen(read_python({"server.py": USUAL})) == (
        ["over"],
        ["{nick}> {text}"],
        ["{sent: newline, received: none}"],
    )


def test_names_of_a_file_without_such_a_server_stay_what_they_are() -> None:
    source = 'w = open("log.txt", "w")\nw.write("hello")\n'

    assert not read_python({"server.py": source}).sent
