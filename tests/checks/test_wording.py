"""The small pieces of sentences."""

from __future__ import annotations

import pytest

from chatsim.checks.wording import exception_in

PYTHON = 'Traceback (most recent call last):\n  File "server.py", line 9, in f\n    data[1]\nIndexError: out of range'
JAVA = (
    'Exception in thread "Thread-0" java.lang.NullPointerException\n\tat Chat.send(C.java:41)\n\tat Chat.run(C.java:15)'
)
NODE = "chat.js:47\n  x.y.z\n   ^\n\nTypeError: no z\n    at Socket.a (/srv/chat.js:47:8)\n    at b (c:1)\n\nNode.js v20.1.0"


@pytest.mark.parametrize(
    ("trace", "names"),
    [
        (PYTHON, "IndexError: out of range"),
        (JAVA, 'Exception in thread "Thread-0" java.lang.NullPointerException'),
        (NODE, "TypeError: no z"),
        ("panic: all asleep", "panic: all asleep"),
        ("", ""),
    ],
    ids=["python", "java", "node", "one line", "nothing"],
)
def test_the_line_of_a_trace_that_names_the_exception(trace: str, names: str) -> None:
    assert exception_in(trace) == names
