"""Which files to read: from the command, and from what they import."""

from __future__ import annotations

import pytest

from chatsim.detect.source.clues import local_imports, which_files


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("python server.py", "server.py"),
        ("python3.11 -u -X dev src/server.py {port}", "src/server.py"),
        ("python -m chat.server 5000", "chat/server.py"),
        ("env DEBUG=1 python server.py", "server.py"),
        ("uv run python server.py", "server.py"),
        ("sh -c 'cd app && exec python server.py'", "app/server.py"),
        ("./server.py", "./server.py"),
        ("node server", "server.js"),
        ("node --inspect server.mjs 80", "server.mjs"),
        ("java -cp bin com.chat.Server 5000", "com/chat/Server.java"),
        ("java Server.java", "Server.java"),
        ("go run main.go", "main.go"),
        ("cargo run", "src/main.rs"),
        ("./build/server 5000", "server.c"),
    ],
)
def test_the_likeliest_file_comes_first(command: str, file: str) -> None:
    import shlex

    assert which_files(shlex.split(command))[0] == file


@pytest.mark.parametrize("command", [[], ["python"], ["python", "-c", "print()"], ["ngircd", "-n"], ["sh", "-c", "'"]])
def test_a_command_that_does_not_tell_names_none(command: list[str]) -> None:
    assert which_files(command) == ()


def test_the_other_classes_of_a_java_server_lie_beside_it() -> None:
    assert "src/chat/*.java" in which_files(["java", "chat.Server"])


def test_what_a_python_file_imports_may_lie_beside_it() -> None:
    found = local_imports(
        "src/server.py", "import socket\nfrom utils.wire import send\nfrom . import names\nfrom .. import up"
    )

    assert {"src/utils/wire.py", "src/names.py", "up.py", "src/socket.py"} <= set(found)


def test_what_a_script_requires_by_a_path_is_followed() -> None:
    found = local_imports(
        "src/server.js", "const net = require('net'); const { say } = require('./lib/say'); import x from '../x.js'"
    )

    assert {"src/lib/say.js", "x.js"} <= set(found)
    assert not any("net" in name for name in found)


def test_a_header_in_c_brings_its_source() -> None:
    assert local_imports("server.c", '#include <stdio.h>\n#include "room.h"\n') == ("room.h", "room.c")
