"""The console's lines come whole and in order, and it never holds anybody up."""

import os
import threading
from collections.abc import Iterator

import pytest

from reference_server.console import MOST_WAITING, Console

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)
    os.close(reading)


def test_lines_of_many_threads_come_whole_and_each_threads_in_order(pipe: Pipe) -> None:
    reading, writing = pipe
    console = Console(writing)

    def show(number: int) -> None:
        for count in range(100):
            console.show(f"{number} {count}")

    threads = [threading.Thread(target=show, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    console.close(patience=10)

    lines = os.read(reading, 65536).decode().splitlines()
    assert len(lines) == 500
    for number in range(5):
        assert [line for line in lines if line.startswith(str(number))] == [f"{number} {n}" for n in range(100)]


@pytest.mark.parametrize("blocking", [True, False])
def test_what_nobody_reads_is_kept_up_to_a_bound_and_what_is_read_comes_whole(pipe: Pipe, blocking: bool) -> None:
    reading, writing = pipe
    os.set_blocking(writing, blocking)
    console = Console(writing)

    for _ in range(3 * MOST_WAITING // 1000):
        console.show("x" * 999)
    console.show("end" * MOST_WAITING)

    received = b""
    while len(received) < MOST_WAITING - 1000:
        received += os.read(reading, 65536)
    console.close(patience=10)
    os.set_blocking(reading, False)
    with pytest.raises(BlockingIOError):
        while True:
            received += os.read(reading, 65536)
    assert set(received.splitlines()) == {b"x" * 999}
    assert MOST_WAITING - 1000 <= len(received) <= 2 * MOST_WAITING


def test_without_an_output_it_is_silent() -> None:
    console = Console(None)

    console.show("hello")

    console.close(patience=10)


def test_half_characters_are_no_reason_to_raise(pipe: Pipe) -> None:
    reading, writing = pipe
    console = Console(writing)

    console.show("half \ud800")

    console.close(patience=10)
    assert os.read(reading, 100) == b"half ?\n"
