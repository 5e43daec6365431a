"""`detect: any`: who is not understood, who did not start, and by what everybody is played with once it was found out."""

from __future__ import annotations

import json

import pytest
import small_class
from school import School

from chatsim.grader.speaking import typed

RELAY = """import socket, sys, threading
clients = []

def serve(client):
    try:
        while data := client.recv(1024):
            for other in list(clients):
                if other is not client:
                    other.sendall(data)
    except OSError:
        pass
    finally:
        clients.remove(client)
        client.close()

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client, _ = listener.accept()
    clients.append(client)
    threading.Thread(target=serve, args=(client,), daemon=True).start()
"""
DEAF = RELAY.replace("other.sendall(data)", "pass")


def spoken(school: School, how: str) -> None:
    assignment = school.folder / "assignment.yaml"
    assignment.write_text(small_class.ASSIGNMENT.replace("profile: profile.yaml", how), encoding="utf-8")


def record(school: School, student: str) -> dict[str, object]:
    file = school.folder / f"grades/students/{student}/record.json"
    kept: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return kept


@pytest.mark.parametrize("how", ["detect: any", "detect: [relay, profile.yaml]", "detect: [relay, any]"])
def test_a_server_that_does_not_start_is_told_so_whatever_it_would_have_spoken(school: School, how: str) -> None:
    spoken(school, how)
    school.hand_in("broken", small_class.SERVERS["broken"])

    ended = school.grade()

    page = (school.folder / "grades/pages/broken.md").read_text(encoding="utf-8")
    assert (ended.code, record(school, "broken")["state"]) == (0, "not-started")
    assert "## Your server did not start" in page
    assert "SyntaxError" in page


def test_whose_protocol_is_not_found_out_reads_what_was_tried(school: School) -> None:
    spoken(school, "detect: [relay, any]")
    school.hand_in("deaf", {"server.py": DEAF})

    ended = school.grade()

    page = (school.folder / "grades/pages/deaf.md").read_text(encoding="utf-8")
    assert (ended.code, record(school, "deaf")["state"]) == (3, "not-understood")
    assert "and answered to none of them as it says: relay." in page
    assert "How it is spoken to was not found out." in page
    assert "nobody heard anybody" in page


def test_what_was_worked_out_once_is_kept_and_the_command_for_home_works_it_out_again(school: School) -> None:
    spoken(school, "detect: any")
    school.hand_in("relay", {"server.py": RELAY})
    school.grade()
    file = school.folder / "grades/students/relay/record.json"
    kept = record(school, "relay")
    marked = f"# found before\n{kept['worked_out']}"
    file.write_text(json.dumps(kept | {"worked_out": marked, "runs": [], "settled": False}), encoding="utf-8")

    school.grade()

    again = record(school, "relay")
    assert again["worked_out"] == marked
    assert again["runs"]
    assert "(detected)" not in file.read_text(encoding="utf-8")
    assert "--profile" not in str(again["runs"])


def test_of_a_build_in_several_lines_each_is_shown_as_it_was_written(school: School) -> None:
    spoken(school, 'profile: profile.yaml, build: "echo one\\nfalse"')
    school.hand_in("right", small_class.SERVERS["right"])

    school.grade()

    page = (school.folder / "grades/pages/right.md").read_text(encoding="utf-8")
    assert "The build failed: it ended with exit code 1\n\n```text\necho one\nfalse\n```" in page


def test_a_command_can_be_typed_as_it_is_told() -> None:
    assert typed(("python3", "my server.py", "{port}", "it's")) == "python3 'my server.py' {port} 'it'\"'\"'s'"
