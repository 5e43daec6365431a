"""An unhandled exception is told from a trace that the server printed for a fault it handled."""

from __future__ import annotations

import pytest

from chatsim.engine.crash import CrashReader

TRACE = ["Traceback (most recent call last):", '  File "server.py", line 9, in handle', "    data[1]"]
LAST = "IndexError: index out of range"


def read(lines: list[str]) -> list[str]:
    reader = CrashReader()
    found = [text for line in lines if (text := reader.take(line))]
    rest = reader.finish()
    return [*found, rest] if rest else found


@pytest.mark.parametrize(
    "first",
    [
        "Exception in thread Thread-3 (handle):",
        "Task exception was never retrieved",
        "Future exception was never retrieved",
        "Exception occurred during processing of request from ('127.0.0.1', 5000)",
        "Exception in callback Protocol.data_received()",
        "Unhandled exception in client_connected_cb",
    ],
)
def test_a_python_trace_behind_an_announcement_counts_whole(first: str) -> None:
    (text,) = read([first, *TRACE, LAST, "and on it went"])

    assert text.splitlines() == [first, *TRACE, LAST]


@pytest.mark.parametrize(
    "announced",
    [
        ("Task exception was never retrieved", "future: <Task finished name='Task-2'>"),
        ("Unhandled exception in client_connected_cb", "transport: <_SelectorSocketTransport fd=7 read=polling>"),
    ],
)
def test_an_asyncio_announcement_has_a_line_on_what_it_is_about_before_its_trace(announced: tuple[str, str]) -> None:
    lines = [*announced, *TRACE, LAST]

    assert read(lines) == ["\n".join(lines)]


def test_a_java_trace_ends_where_something_else_is_said() -> None:
    java = [
        'Exception in thread "Thread-0" java.lang.NullPointerException',
        "\tat ChatServer.broadcast(ChatServer.java:41)",
        "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
    ]

    assert read([*java, "ann has left"]) == ["\n".join(java)]


def test_what_ends_a_node_program_is_told_from_where_it_was_thrown() -> None:
    node = [
        "/srv/chat_server.js:47",
        "        broadcast(id, `${clients.get(id).username} has left`)",
        "                                         ^",
        "",
        "TypeError: Cannot read properties of undefined (reading 'username')",
        "    at Socket.<anonymous> (/srv/chat_server.js:47:81)",
        "    at Socket.emit (node:events:524:28)",
        "",
        "Node.js v20.20.2",
    ]

    assert read(["listening on /srv/chat.sock:1", "Client #2 disconnected", *node]) == ["\n".join(node)]


def test_where_it_was_thrown_may_be_told_from_the_servers_own_folder_on() -> None:
    node = [
        "pkg/chat_server.mjs:47",
        "        throw new Error('so')",
        "        ^",
        "",
        "Error: so",
        "",
        "Node.js v20.20.2",
    ]

    assert read(["listening on 5000", *node]) == ["\n".join(node)]


def test_a_node_program_that_tells_its_version_has_not_crashed() -> None:
    assert read(["starting up", "Node.js v20.20.2", "listening"]) == []


@pytest.mark.parametrize(
    "line",
    [
        "panic: runtime error: index out of range [3] with length 3",
        "thread 'main' panicked at src/main.rs:7:5:",
        "fatal error: all goroutines are asleep - deadlock!",
        "terminate called after throwing an instance of 'std::out_of_range'",
        "Segmentation fault (core dumped)",
        "*** stack smashing detected ***: terminated",
        "==4711==ERROR: AddressSanitizer: heap-use-after-free",
        "Unhandled exception. System.NullReferenceException: Object reference not set",
        "Uncaught TypeError: Cannot read properties of undefined",
        "node:internal/process/promises:394",
        "[UnhandledPromiseRejection: This error originated]",
        "Fatal Python error: Segmentation fault",
        "Exception ignored in: <function Connection.__del__ at 0x7f>",
    ],
)
def test_one_line_says_it_all(line: str) -> None:
    assert read([line]) == [line]


def test_a_trace_that_the_server_went_on_after_was_handled() -> None:
    reader = CrashReader()

    found = [reader.take(line) for line in [*TRACE, LAST, "client gone, going on"]]

    assert found == [None] * 5
    assert reader.dying() is None
    assert reader.finish() is None


def test_a_trace_as_last_words_was_unhandled() -> None:
    reader = CrashReader()
    for line in [*TRACE, LAST]:
        assert reader.take(line) is None

    assert reader.dying() == "\n".join([*TRACE, LAST])


def test_a_trace_cut_short_by_the_end_counts_as_far_as_it_goes() -> None:
    reader = CrashReader()
    for line in TRACE:
        reader.take(line)

    assert reader.dying() == "\n".join(TRACE)


def test_what_people_say_of_exceptions_is_no_crash() -> None:
    assert read(["ann: Exception in thread is what I get", "no exceptions", "Traceback? none.", ""]) == []


def test_an_endless_trace_is_cut() -> None:
    found = read(["Exception in thread Thread-1:", *TRACE[:1], *[f"  line {n}" for n in range(500)]])

    assert 50 < len(found[0].splitlines()) < 100
