"""What a server printed last, without what we made it print."""

from __future__ import annotations

from chatsim.history import History
from chatsim.report.last_words import server_words, without_dumps

TRACEBACK = """\
Traceback (most recent call last):
  File "/home/mia/server.py", line 3, in main
    run()
ValueError: 3""".split("\n")
DUMP = """\
Fatal Python error: Aborted

Thread 0x00007f21b8a9f6c0 (most recent call first):
  File "/home/mia/server.py", line 31 in handle
  File "/usr/lib/python3.12/threading.py", line ??? in run

Current thread 0x00007f21bd4a1740 (most recent call first):
  File "/usr/lib/python3.12/socket.py", line 295 in accept

Extension modules: _cffi_backend (total: 1)""".split("\n")


def test_the_stacks_that_we_asked_for_are_left_out() -> None:
    assert list(without_dumps(["Listening", "", *DUMP])) == ["Listening", ""]


def test_a_traceback_stays_and_so_does_what_comes_after_a_dump() -> None:
    assert list(without_dumps([*TRACEBACK, *DUMP, "goodbye"])) == [*TRACEBACK, "goodbye"]


def test_of_a_recorded_run_they_are_left_out_too() -> None:
    history = History()
    for line in ["Listening", *DUMP]:
        history.note(0.0, "out", stream="stderr", line=line)

    assert server_words(history) == ("Listening",)
