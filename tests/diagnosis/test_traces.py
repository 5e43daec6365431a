"""Tracebacks and thread stacks, as Python, faulthandler and py-spy print them."""

from __future__ import annotations

import pytest

from chatsim.diagnosis.traces import Frame, Trace, read_stacks, read_traces, shown

THREAD = """\
Exception in thread Thread-3 (handle):
Traceback (most recent call last):
  File "/usr/lib/python3.12/threading.py", line 1073, in _bootstrap_inner
    self.run()
  File "/home/mia/chat/server.py", line 31, in handle
    data = conn.recv(1024)
           ^^^^^^^^^^^^^^^
  File "/usr/lib/python3.12/socket.py", line 12, in recv
    return _recv(size)
ConnectionResetError: [Errno 104] Connection reset by peer
"""

FAULTHANDLER = """\
Fatal Python error: Aborted

Thread 0x00007f21b8a9f6c0 (most recent call first):
  File "/home/mia/chat/server.py", line 31 in handle
  File "/usr/lib/python3.12/threading.py", line 1010 in run
  File "/usr/lib/python3.12/threading.py", line 1073 in _bootstrap_inner

Current thread 0x00007f21bd4a1740 (most recent call first):
  File "/usr/lib/python3.12/socket.py", line 295 in accept
  File "/home/mia/chat/server.py", line 60 in main
  File "/home/mia/chat/server.py", line 64 in <module>

Extension modules: none
"""

PY_SPY = """\
Process 4711: python server.py 5000
Python v3.12.3 (/usr/bin/python3.12)

Thread 4711 (idle): "MainThread"
    accept (socket.py:295)
    main (server.py:60)
    <module> (server.py:64)
Thread 4713 (active+gil): "Thread-1 (handle)"
    handle (server.py:31)
    run (threading.py:1010)
    _bootstrap (threading.py:1030)
"""


def traces(text: str) -> list[Trace]:
    return list(read_traces(list(enumerate(text.split("\n")))))


def test_a_traceback_names_the_last_line_of_ones_own() -> None:
    (trace,) = traces(THREAD)

    assert (trace.name, trace.words) == ("ConnectionResetError", "[Errno 104] Connection reset by peer")
    assert trace.own == Frame("/home/mia/chat/server.py", 31, "handle", "data = conn.recv(1024)")
    assert trace.thread


def test_no_path_of_a_machine_is_shown() -> None:
    (trace,) = traces(THREAD)
    assert trace.own is not None

    assert shown(trace.own) == "server.py:31, in handle"


def test_a_path_that_was_printed_relative_stays_as_it_was() -> None:
    assert shown(Frame("./chat/server.py", 7, "<module>")) == "chat/server.py:7"


def test_two_files_of_one_name_are_told_apart_by_their_folders() -> None:
    one, other = Frame("/srv/chat/room.py", 3, "join"), Frame("/srv/chat/old/room.py", 9, "join")

    assert shown(one, [one, other]) == "chat/room.py:3, in join"


def test_each_exception_of_a_chain_counts() -> None:
    first, second = traces(
        THREAD
        + "\nDuring handling of the above exception, another exception occurred:\n\n"
        + 'Traceback (most recent call last):\n  File "server.py", line 40, in handle\n    clients.remove(conn)\n'
        + "ValueError: list.remove(x): x not in list\n"
    )

    assert (first.name, second.name) == ("ConnectionResetError", "ValueError")
    assert second.own is not None and second.own.source == "clients.remove(conn)"


@pytest.mark.parametrize("text", ["", "Traceback (most recent call last):", "ValueError: 3", THREAD[:120], "File 3"])
def test_half_a_traceback_is_no_exception(text: str) -> None:
    assert traces(text) == []


def test_a_traceback_between_other_lines_is_found() -> None:
    (trace,) = traces(f"ann: hello\n{THREAD}bob: hello\n")

    assert trace.index == 10


def test_faulthandler_tells_each_thread_the_newest_line_first() -> None:
    reader, main = read_stacks(FAULTHANDLER)

    assert (reader.main, main.main) == (False, True)
    assert reader.own is not None and shown(reader.own) == "server.py:31, in handle"
    assert main.waits_in("accept") and not reader.waits_in("accept")
    assert reader.active is None  # it does not tell


def test_faulthandler_spells_the_letters_of_a_path_that_are_not_ascii() -> None:
    [stack] = read_stacks(
        "Thread 0x00007f (most recent call first):\n"
        r'  File "/home/p\xe9ter/\u30c1 \U0001f600/server.py", line 7 in serve'
    )

    assert stack.frames == (Frame("/home/péter/チ 😀/server.py", 7, "serve"),)


def test_py_spy_also_tells_who_is_at_work() -> None:
    main, reader = read_stacks(PY_SPY)

    assert (main.main, main.active, reader.active) == (True, False, True)
    assert reader.own is not None and shown(reader.own) == "server.py:31, in handle"
    assert main.waits_in("accept")
    assert main.own is not None and shown(main.own) == "server.py:60, in main"


def test_the_library_is_nobodys_own() -> None:
    library = ("/usr/lib/python3.12/socket.py", "/opt/py/lib/python3.13/site-packages/rich/x.py", "<frozen runpy>")

    assert not any(Frame(path, 1).own for path in (*library, "threading.py", r"C:\Python312\Lib\socket.py"))
    assert all(Frame(path, 1).own for path in ("server.py", "lib/chat.py", "/home/mia/lib/server.py"))


def test_a_file_beside_the_server_is_its_own_whatever_it_is_called() -> None:
    """In a sandbox paths are told from the server's folder on, and the library by its short name."""
    lines = [
        "Traceback (most recent call last):",
        '  File "python3.11/threading.py", line 1038, in _bootstrap_inner',
        '  File "tasks.py", line 7, in handle',
        '  File "python3.11/asyncio/tasks.py", line 3, in go',
        "ValueError: so",
    ]
    (trace,) = read_traces(list(enumerate(lines)))

    assert [frame.own for frame in trace.frames] == [False, True, False]
    assert trace.own is not None
    assert shown(trace.own) == "tasks.py:7, in handle"


@pytest.mark.parametrize(
    ("announced", "alone"),
    [("Unhandled exception in client_connected_cb", True), ("Task exception was never retrieved", True), ("so", False)],
)
def test_what_ended_one_clients_task_did_not_end_the_server(announced: str, alone: bool) -> None:
    lines = [
        announced,
        "transport: <x>",
        "Traceback (most recent call last):",
        '  File "s.py", line 7, in f',
        "OSError: so",
    ]
    (trace,) = read_traces(list(enumerate(lines)))

    assert trace.thread is alone
