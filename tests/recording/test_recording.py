"""Real clients, the proxy between them and a real server, and what is written of it: played again, it passes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from recorder import ROOT, Client, Recording, assert_plays_again, chatsim

Record = Callable[..., Recording]

SERVERS = ROOT / "tests" / "servers"


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    running: list[Recording] = []

    def start(*words: str) -> Recording:
        running.append(Recording(tmp_path, *words))
        return running[-1]

    yield start
    for recording in running:
        recording.let_go()


def enters(recording: Recording, nick: bytes, *others: Client) -> Client:
    """Into the room of the dialect `lines`; the others hear of it."""
    client = recording.client()
    client.says(nick + b"\n")
    client.hears(b"Welcome, " + nick + b"!\n")
    for other in others:
        other.hears(b"* " + nick + b" joined\n")
    return client


# --- dialects ----------------------------------------------------------------------------------------------------------


def test_lines_with_all_that_they_can_say(record: Record) -> None:
    recording = record("--profile", "lines")
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    ann.says(b"hello, bob\n")
    bob.hears(b"ann: hello, bob\n")
    bob.says(b"hi\n")
    ann.hears(b"bob: hi\n")
    ann.says(b"/msg bob psst\n")
    bob.hears(b"(private) ann: psst\n")
    for client in (ann, bob):
        client.says(b"/enter den\n")
        client.hears(b"You are in den.\n")
    ann.says(b"/in den cosy\n")
    bob.hears(b"[den] ann: cosy\n")
    bob.says(b"/exit den\n")
    bob.hears(b"You left den.\n")
    ann.says(b"/who\n")
    ann.hears(b"Here: ")
    ann.says(b"/nick anna\n")
    ann.hears(b"You are anna now.\n")
    bob.hears(b"* ann is now anna\n")
    bob.says(b"/quit\n")
    bob.hears(b"Goodbye, bob.\n")
    bob.closes()
    ann.hears(b"* bob left\n")
    bob = enters(recording, b"bob", ann)
    bob.resets()
    ann.hears(b"* bob left\n")
    said = recording.end()

    assert recording.steps == [
        "- join: ann",
        "- join: bob",
        '- chat: {ann: "hello, bob"}',
        '- chat: {bob: "hi"}',
        '- whisper: {ann: {to: bob, text: "psst"}}',
        '- enter: {ann: "den"}',
        '- enter: {bob: "den"}',
        '- chat: {ann: {text: "cosy", in: "den"}}',
        '- exit: {bob: "den"}',
        "- ask: {ann: roster}",
        '- rename: {ann: "anna"}',
        "- disconnect: bob",
        "- rejoin: bob",
        "- drop: {bob: reset}",
    ]
    assert "2 bots, 14 steps" in said
    assert_plays_again(recording)


def test_raw_chunks_with_a_prompt(record: Record) -> None:
    recording = record("--profile", "prompted")
    clients = []
    for nick in (b"ann", b"bob", b"cat"):
        client = recording.client()
        client.hears(b"NICK")
        client.says(nick)
        client.hears(b"Connected to the server!")
        for other in clients:
            other.hears(nick + b" joined the chat!")
        clients.append(client)
    ann, bob, cat = clients
    ann.says(b"is this on?")
    bob.hears(b"ann: is this on?")
    cat.hears(b"ann: is this on?")
    cat.says(b"it is")
    ann.hears(b"cat: it is")
    bob.hears(b"cat: it is")
    bob.closes()
    ann.hears(b"bob left the chat!")
    cat.hears(b"bob left the chat!")
    recording.end()

    assert recording.steps == [
        "- join: ann",
        "- join: bob",
        "- join: cat",
        '- chat: {ann: "is this on?"}',
        '- chat: {cat: "it is"}',
        "- disconnect: bob",
    ]
    assert_plays_again(recording, "--profile", "prompted")


def test_json_lines_with_receipts(record: Record) -> None:
    recording = record("--profile", "json-lines")
    ann, bob = recording.client(), recording.client()
    ann.says(b'{"type": "join", "nick": "ann"}\n')
    ann.hears(b'"welcome"')
    bob.says(b'{"nick": "bob", "type": "join"}\n')  # its own order of keys
    bob.hears(b'"welcome"')
    ann.hears(b'"joined"')
    ann.says(b'{"type": "say", "text": "a \\"quoted\\" \\u00fc"}\n')
    ann.hears(b'"ok"')
    bob.hears(b'"message"')
    bob.says(b'{"type": "tell", "to": "ann", "text": "psst"}\n')
    ann.hears(b'"private"')
    bob.says(b'{"type": "who"}\n')
    bob.hears(b'"members"')
    bob.says(b'{"type": "bye"}\n')
    bob.reads_to_the_end()
    bob.closes()
    ann.hears(b'"left"')
    recording.end()

    assert recording.steps == [
        "- join: ann",
        "- join: bob",
        '- chat: {ann: "a \\"quoted\\" ü"}',
        '- whisper: {bob: {to: ann, text: "psst"}}',
        "- ask: {bob: roster}",
        "- disconnect: bob",
    ]
    assert_plays_again(recording, "--profile", "json-lines")


def framed(text: bytes) -> bytes:
    return b"%-10d%b" % (len(text), text)


def test_headers_of_ten_digits_and_messages_of_two_frames(record: Record) -> None:
    recording = record("--profile", "header-10")
    ann, bob = recording.client(), recording.client()
    ann.says(framed(b"ann"))
    bob.says(framed(b"bob"))
    hears_at_last(ann, bob, framed(b"here?"))  # nobody is told that it is in
    bob.says(framed(b"in two writes")[:7], framed(b"in two writes")[7:])
    ann.hears(framed(b"bob") + framed(b"in two writes"))
    bob.resets()
    recording.end()

    steps = recording.steps
    assert sorted(step for step in steps if "join" in step) == ["- join: ann", "- join: bob"]
    assert any("bob: " in step and '"here?"' in step for step in steps)
    assert steps[-2:] == ['- chat: {bob: "in two writes"}', "- drop: {bob: reset}"]
    assert_plays_again(recording, "--profile", "header-10")


def hears_at_last(one: Client, other: Client, word: bytes) -> None:
    """One who is not in yet hears nothing: said again until both have heard the other."""
    for speaker, listener in ((one, other), (other, one)):
        listener.socket.settimeout(0.2)
        for _ in range(100):
            speaker.says(word)
            try:
                listener.hears(word)
                break
            except TimeoutError:
                continue
        listener.socket.settimeout(20)


def test_websocket(record: Record) -> None:
    server = f"{sys.executable} {SERVERS / 'chats_over_websocket.py'} {{port}}"
    recording = record("--profile", "websocket-json", "--server", server)
    ann, bob = recording.web_client("/"), recording.web_client("/")
    ann.says('{"type":"message","nick":"ann","text":"hello"}')
    ann.hears("hello")
    bob.hears("hello")
    bob.says('{"type":"message","nick":"bob","text":"grüße"}')
    ann.hears("grüße")
    bob.hears("grüße")
    bob.closes()
    recording.end()

    assert recording.steps == [
        "- join: ann",
        "- join: bob",
        '- chat: {ann: "hello"}',
        '- chat: {bob: "grüße"}',
        "- disconnect: bob",
    ]
    assert_plays_again(recording, "--profile", "websocket-json", "--server", server)


def test_a_unix_socket(record: Record, tmp_path: Path) -> None:
    profile = tmp_path / "mine.yaml"
    profile.write_text("profile: mine\nextends: lines\ntransport: unix\n", encoding="utf-8")
    server = f"{sys.executable} {SERVERS / 'lines_at_a_path.py'} {{socket}}"
    here = tmp_path / "here.sock"
    recording = record("--profile", str(profile), "--server", server, "--listen", f"unix:{here}")
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    ann.says(b"by path\n")
    bob.hears(b"ann: by path\n")
    recording.end()

    assert recording.steps == ["- join: ann", "- join: bob", '- chat: {ann: "by path"}']
    assert not here.exists()
    assert_plays_again(recording, "--profile", str(profile), "--server", server)


WORSE = {
    "misses_only_the_polite.py": "drop-notice",
    "announces_twice.py": "join-notice",
    "whispers_aloud.py": "isolation",
    "lists_all_but_the_last.py": "roster",
}


def test_played_on_a_server_that_got_worse_it_fails_and_on_the_same_one_never(record: Record) -> None:
    recording = record("--profile", "lines", "--server", f"{sys.executable} {SERVERS / 'right_threads.py'} {{port}}")
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    cat = enters(recording, b"cat", ann, bob)
    cat.says(b"/msg bob psst\n")
    bob.hears(b"(private) cat: psst\n")
    cat.says(b"/who\n")
    cat.hears(b"Here: ")
    bob.resets()
    ann.hears(b"* bob left\n")
    recording.end()

    assert_plays_again(
        recording,
        "--server",
        f"{sys.executable} {SERVERS / 'right_threads.py'} {{port}}",
        "--profile",
        "lines",
        "--repeat",
        "5",
    )
    for server, violated in WORSE.items():
        worse = f"{sys.executable} {SERVERS / server} {{port}}"
        failed = chatsim("run", str(recording.scenario), "--server", worse, "--profile", "lines")
        assert failed.returncode == 1, server + failed.stdout
        assert violated in failed.stdout, server + failed.stdout


# --- what is unusual -----------------------------------------------------------------------------------------------------


def test_what_the_profile_does_not_know_is_kept_as_bytes_and_its_answer_expected(record: Record) -> None:
    recording = record("--profile", "lines")
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    ann.says(b"/dance\n")
    ann.hears(b"? there is no command /dance\n")
    ann.says(b"well\n")
    bob.hears(b"ann: well\n")
    said = recording.end()

    assert recording.steps[2:] == [
        "# ann sent what the profile does not know:",
        '- send: {ann: {raw: "/dance\\n"}}',
        '- expect: {ann: {line: "? there is no command /dance"}}',
        '- chat: {ann: "well"}',
    ]
    assert "2 things that the profile does not know" in said
    assert_plays_again(recording)


def test_a_name_that_is_refused_is_another_bots_and_one_who_only_looks_in_connects(record: Record) -> None:
    recording = record("--profile", "lines")
    ann = enters(recording, b"ann")
    twin = recording.client()
    twin.says(b"ann\n")
    twin.hears(b"Sorry, the name ann is taken.\n")
    twin.closes()
    silent = recording.client()
    bob = enters(recording, b"bob", ann)
    silent.resets()
    bob.says(b"/quit\n")
    bob.reads_to_the_end()
    ann.hears(b"* bob left\n")
    recording.end()

    steps = recording.steps
    assert steps[:3] == ["- join: ann", "- join: {ann-2: refused}", "- connect: client1"]
    assert sorted(steps[3:]) == ["- disconnect: bob", "- drop: {client1: reset}", "- join: bob"]
    assert_plays_again(recording)


def test_one_who_closes_without_the_goodbye_of_the_profile_drops(record: Record) -> None:
    recording = record("--profile", "lines")
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    bob.closes()
    ann.hears(b"* bob left\n")
    recording.end()

    assert recording.steps == ["- join: ann", "- join: bob", "- drop: {bob: close}"]
    assert_plays_again(recording)


def test_one_who_shuts_down_its_writing_side_alone_half_closes(record: Record) -> None:
    server = f"{sys.executable} {SERVERS / 'never_closes.py'} {{port}}"
    recording = record("--profile", "lines", "--server", server)
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    bob.socket.shutdown(socket.SHUT_WR)
    ann.hears(b"* bob left\n")
    recording.end()

    assert recording.steps == ["- join: ann", "- join: bob", "- drop: {bob: half-close}"]


def test_a_server_that_dies_ends_the_recording_and_is_part_of_it(record: Record) -> None:
    server = f"{sys.executable} {SERVERS / 'dies_of_a_reset.py'} {{port}}"
    recording = record("--profile", "lines", "--server", server)
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    bob.resets()
    ann.reads_to_the_end()
    said = recording.over()

    assert "The server has ended, and so does the recording." in said
    assert recording.steps[:3] == ["- join: ann", "- join: bob", "- drop: {bob: reset}"]
    assert recording.steps[3].startswith("# Here the server ended by itself, with exit code ")
    judged = chatsim("check", str(recording.history))
    assert judged.returncode == 1
    assert "stays-up" in judged.stdout


INTERRUPTED_WHILE_IT_COMPUTES = """
import os, signal

class Framing:
    def frame(self, message):
        return message + b"\\n"

    def feed(self, data):
        if data == b"now\\n":
            os.kill(os.getpid(), signal.SIGINT)
        return data.splitlines()
"""


def test_an_interrupt_while_it_computes_loses_nothing(record: Record, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(INTERRUPTED_WHILE_IT_COMPUTES, encoding="utf-8")
    profile = tmp_path / "interrupted.yaml"
    profile.write_text(
        'profile: interrupted\nextends: lines\nframing: {python: "interrupted:Framing"}\n', encoding="utf-8"
    )
    server = f"{sys.executable} {SERVERS / 'dies_of_a_reset.py'} {{port}}"
    recording = record("--profile", str(profile), "--server", server)
    ann = enters(recording, b"ann")
    bob = enters(recording, b"bob", ann)
    ann.says(b"now\n")
    bob.hears(b"ann: now\n")
    bob.resets()
    ann.reads_to_the_end()
    said = recording.over()

    assert said.count("The recording is being written. Once more, and it is given up.") == 1
    assert recording.steps[:3] == ["- join: ann", "- join: bob", '- chat: {ann: "now"}']
    assert chatsim("check", str(recording.history)).returncode == 1  # it is whole, and the server died


def test_nobody_came_and_nothing_is_written_or_left(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "--profile", "lines")
    recording.process.send_signal(signal.SIGINT)
    said = recording.process.communicate(timeout=20)[1]

    assert (recording.process.returncode, said) == (3, "Nobody came: nothing is written.\n")
    assert not recording.scenario.exists()
    assert not recording.history.exists()


# --- the proxy ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that is running already: what it does, the test says."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(20)
        yield made


def attached(record: Record, listener: socket.socket) -> Recording:
    return record("--profile", "relay", "--connect", f"127.0.0.1:{listener.getsockname()[1]}")


def test_every_byte_passes_as_it_is_and_half_closes_too(record: Record, listener: socket.socket) -> None:
    recording = attached(record, listener)
    client = recording.client()
    server, _ = listener.accept()
    data = bytes(range(256)) * 20_000  # 5 MB, more than all buffers on the way

    def answer() -> None:
        with server:
            while got := server.recv(65536):
                server.sendall(got[::-1])
            server.sendall(b"that was all")

    thread = threading.Thread(target=answer)
    thread.start()
    sender = threading.Thread(target=lambda: (client.says(data), client.socket.shutdown(socket.SHUT_WR)))
    sender.start()
    back = client.reads_to_the_end()
    thread.join(20)
    sender.join(20)

    assert len(back) == len(data) + len(b"that was all")
    assert back.endswith(b"that was all")
    assert sorted(back[:-12]) == sorted(data)
    recording.end()


def test_resets_pass_both_ways(record: Record, listener: socket.socket) -> None:
    recording = attached(record, listener)
    rude, harmed = recording.client(), recording.client()
    first, _ = listener.accept()
    second, _ = listener.accept()
    rude.resets()
    with pytest.raises(ConnectionResetError):
        first.recv(1)
    second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    second.close()
    with pytest.raises(ConnectionResetError):
        harmed.socket.recv(1)
    first.close()
    recording.end()


@pytest.mark.parametrize("lazy", ["client", "server"])
def test_who_does_not_read_makes_the_other_side_wait(record: Record, listener: socket.socket, lazy: str) -> None:
    recording = attached(record, listener)
    client = recording.client()
    server, _ = listener.accept()
    reader, writer = (client.socket, server) if lazy == "client" else (server, client.socket)
    reader.settimeout(20)
    block = os.urandom(1 << 20)
    writer.settimeout(2)  # nothing moves for so long: it waits
    written = 0
    with pytest.raises(TimeoutError):
        while written < 300 << 20:
            written += writer.send(block[written % len(block) :])
    writer.settimeout(20)
    assert written < 100 << 20  # the buffers of four sockets, not the memory of the proxy

    def end() -> None:
        writer.sendall(b"end")
        writer.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=end)
    thread.start()
    got = bytearray()
    while data := reader.recv(1 << 20):
        got += data
    thread.join(20)

    whole = block * (written // len(block) + 1)
    assert got == whole[:written] + b"end"
    server.close()
    recording.end()


def test_who_stops_reading_stalls_until_it_reads_again(record: Record, listener: socket.socket) -> None:
    recording = record("--profile", "lines", "--connect", f"127.0.0.1:{listener.getsockname()[1]}")
    ann = recording.client()
    server, _ = listener.accept()
    ann.says(b"ann\n")
    assert server.recv(100) == b"ann\n"
    server.sendall(b"Welcome, ann!\n")
    ann.hears(b"Welcome, ann!\n")
    line = b"y" * 60_000 + b"\n"
    server.settimeout(3)  # nothing is taken for so long: ann has stopped
    with pytest.raises(TimeoutError):
        while True:
            server.sendall(line)
    server.settimeout(20)
    ending = threading.Thread(target=lambda: (server.sendall(b"\nend\n"), server.shutdown(socket.SHUT_WR)))
    ending.start()
    ann.reads_to_the_end()
    ending.join(20)
    server.close()
    recording.end()

    assert [step for step in recording.steps if not step.startswith("#")] == [
        "- join: ann",
        "- stall: ann",
        "- resume: ann",
        "- expect: {ann: {closed: yes}}",
    ]
    kinds = [json.loads(each).get("kind") for each in recording.history.read_text(encoding="utf-8").splitlines()]
    assert [kind for kind in kinds if kind in ("stall", "resume", "closed")] == ["stall", "resume", "closed"]


def test_a_server_that_is_not_there_is_told_and_its_client_is_reset(record: Record, listener: socket.socket) -> None:
    recording = attached(record, listener)
    listener.close()
    client = recording.client()
    with pytest.raises(ConnectionResetError):
        client.socket.recv(1)
    recording.process.send_signal(signal.SIGINT)
    said = recording.process.communicate(timeout=20)[1]

    assert said.startswith("a client came, and the server did not take its connection: connection refused\n")


# --- what can not be recorded -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--profile", "secret.yaml"), "whoever is between the two ends can not read it"),
        (("--profile", "datagrams.yaml"), "which has no connections to stand between"),
        (("--profile", "lines", "--listen", "here"), "--listen here is not [HOST:]PORT"),
        (("--profile", "lines", "--listen", "unix:/tmp/x"), "clients of this profile speak over TCP"),
        (("--profile", "lines", "--listen", "256.0.0.1:0"), "nobody can listen at 256.0.0.1: "),
        (("--profile", "lines", "--server", "x", "--connect", "127.0.0.1:1"), "exclude each other"),
        (("--profile", "lines", "--history", "nowhere/x.jsonl"), "--history: there is no folder nowhere"),
        (("--profile", "no-such"), "no-such"),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
def test_what_can_not_be_recorded_is_told_before_anything_is_started(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.yaml").write_text("profile: secret\nextends: lines\ntransport: tls\n", encoding="utf-8")
    (tmp_path / "datagrams.yaml").write_text(
        "profile: datagrams\nextends: lines\ntransport: udp\nframing: null\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-m", "chatsim", "record", "-o", "out.yaml", *words],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "out.yaml").exists()
