"""What a program can do in a sandbox, seen from outside: by what it managed to do."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsim.sandbox import landlock
from chatsim.sandbox.sandbox import Confinement, Sandbox
from tests.sandbox.conftest import Program


def test_it_works_in_its_folder(program: Program) -> None:
    assert program.does("note(sorted(os.listdir()))") == [program.name]
    assert program.done.code == 0


@pytest.fixture
def secret() -> Iterator[Path]:
    """A file that every user of this machine may read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, f"assignment-{os.urandom(6).hex()}.yaml")
        path.write_text("points: all")
        yield path


def test_it_reads_nothing_of_ours(program: Program, secret: Path) -> None:
    if program.sandbox.level != "bubblewrap" and not landlock.version():
        pytest.skip("without Landlock it reads what every user may")

    assert (
        program.does(
            """
        found = []
        for path in (secret, os.path.dirname(secret), "/root/.bashrc", "/etc/shadow"):
            try:
                found.append(open(path).read() if os.path.isfile(path) else os.listdir(path))
            except OSError:
                pass
        note(found)
        """,
            secret=str(secret),
        )
        == []
    )


def test_nothing_of_ours_stands_anywhere_in_its_view(program: Program, secret: Path) -> None:
    if program.sandbox.level != "bubblewrap":
        pytest.skip("without a view of its own it can see what there is, though not read it")
    assert (
        program.does(
            """
            found = []
            for folder, folders, names in os.walk("/"):
                if folder == "/":
                    folders[:] = [each for each in folders if each not in ("proc", "usr")]
                found += [each for each in names if each == name]
            note(found)
            """,
            name=secret.name,
        )
        == []
    )


def test_our_environment_is_not_to_be_found(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2")

    seen = program.does(
        """
        found = dict(os.environ)
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    found[name] = open(f"/proc/{name}/environ").read() + open(f"/proc/{name}/cmdline").read()
                except OSError:
                    pass
        note(found)
        """
    )

    assert "hunter2" not in str(seen)
    assert "chatsim" not in str(seen).lower().replace(str(program.folder).lower(), "")


def test_it_has_no_descriptors_but_the_standard_ones(program: Program) -> None:
    assert (
        program.does(
            """
        found = []
        for number in range(3, 256):
            try:
                os.fstat(number)
                found.append(number)
            except OSError:
                pass
        note(found)
        """
        )
        == []
    )


def test_it_writes_nowhere_but_in_its_folder(program: Program, tmp_path: Path) -> None:
    if program.sandbox.level != "bubblewrap" and not landlock.version():
        pytest.skip("without Landlock it writes where every user may")
    (tmp_path / "other").mkdir(mode=0o777)
    name = f"left-behind-{os.urandom(6).hex()}"
    outside = [str(tmp_path / "other"), "/usr", "/etc", "/home", "/", "/tmp", "/dev/shm", "/var/tmp"]

    program.does(
        """
        for place in places:
            try:
                open(f"{place}/{name}", "w").close()
            except OSError:
                pass
        """,
        places=[*outside, "."],
        name=name,
    )

    written = [place for place in outside if Path(place, name).exists()]
    for place in written:
        Path(place, name).unlink()
    assert written == []
    assert (program.folder / name).exists()


def test_what_it_leaves_running_is_ended(program: Program) -> None:
    program.does(
        """
        import time
        if os.fork():
            while not os.path.exists("noted.json"):
                time.sleep(0.01)
            os._exit(0)
        os.setsid()
        if os.fork():
            os._exit(0)
        number = 0
        while True:
            number += 1
            note(number)
            time.sleep(0.01)
        """
    )

    assert (program.folder / "noted.json").exists()
    assert not program.still_runs()


def test_it_signals_and_traces_nobody_of_ours(program: Program) -> None:
    """A process that anybody may read, and that would end by any signal; and this one."""
    if program.sandbox.level == "landlock" and landlock.version() < 6:
        pytest.skip("before its version 6 Landlock does not know of signals")
    victim = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        done = program.does(
            """
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            done = []
            for pid in victims:
                for number in (0, 10, 15, 9):
                    try:
                        os.kill(pid, number)
                        done.append(f"signal {number} to {pid}")
                    except OSError:
                        pass
                if libc.ptrace(16, pid, 0, 0) == 0:  # PTRACE_ATTACH
                    done.append(f"attached to {pid}")
                for name in ("environ", "mem", "maps", "cwd/.", "root/etc", "fd"):
                    try:
                        os.stat(f"/proc/{pid}/{name}") if "/" in name else open(f"/proc/{pid}/{name}", "rb").read(1)
                        done.append(f"read {name} of {pid}")
                    except OSError:
                        pass
            note(done)
            """,
            victims=[victim.pid, os.getpid(), os.getppid()],
        )

        assert done == []
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


def test_it_ends_nobody_by_a_signal_to_all(program: Program) -> None:
    victim = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        if program.sandbox.level == "landlock" and landlock.version() < 6:
            pytest.skip("before its version 6 Landlock does not know of signals")
        program.does(
            """
            import signal
            signal.signal(15, signal.SIG_IGN)
            note("to all")
            os.kill(-1, 15)
            """
        )

        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_nothing_of_it_gets_out(kind: str, program: Program) -> None:
    """To a socket of this machine that waits for it, under each address that the machine has."""
    if not program.sandbox.has_network and (kind == "udp" or landlock.version() < 4):
        pytest.skip("without a network of its own only TCP can be held back, and only by Landlock from version 4 on")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as waiting:
        waiting.bind(("0.0.0.0", 0))
        if kind == "tcp":
            waiting.listen()
        waiting.setblocking(False)

        program.does(
            """
            import socket
            for host in hosts:
                for attempt in range(3):
                    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as made:
                        made.settimeout(0.2)
                        try:
                            made.connect((host, port))
                            made.send(b"out")
                        except OSError:
                            pass
            """,
            hosts=["127.0.0.1", *_addresses()],
            port=waiting.getsockname()[1],
            kind=kind,
        )

        with pytest.raises(BlockingIOError):
            waiting.accept() if kind == "tcp" else waiting.recv(100)


def test_it_speaks_to_no_abstract_socket_of_ours(program: Program) -> None:
    if program.sandbox.level != "bubblewrap" and not program.sandbox.has_network and landlock.version() < 6:
        pytest.skip("before its version 6 Landlock does not know of abstract sockets")
    name = f"\0waiting-{os.urandom(6).hex()}"
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.bind(name)
        waiting.listen()
        waiting.setblocking(False)

        program.does(
            """
            import socket
            try:
                socket.socket(socket.AF_UNIX).connect(name)
            except OSError:
                pass
            """,
            name=name,
        )

        with pytest.raises(BlockingIOError):
            waiting.accept()


def test_it_is_nobody_who_has_rights(program: Program) -> None:
    found = program.does(
        """
        lines = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
        note([os.getresuid(), os.getresgid(), lines["CapEff"].strip(), lines["CapPrm"].strip(), lines["NoNewPrivs"].strip()])
        """
    )
    users, _, effective, permitted, no_new = found

    assert 0 not in users
    assert (int(effective, 16), int(permitted, 16), no_new) == (0, 0, "1")


def test_two_at_the_same_time_are_not_the_same_user(level: Confinement) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a server as another user")
    with Sandbox(level) as one, Sandbox(level) as other:
        assert one.user != other.user


def test_a_program_that_raises_its_rights_raises_none(program: Program) -> None:
    done = program.does(
        """
        import subprocess
        said = []
        for words in (["su", "-c", "id -u"], ["unshare", "-Ur", "id", "-u"], ["newgrp"], ["mount", "-t", "tmpfs", "x", "/tmp"]):
            try:
                done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=5)
                said.append(done.stdout.strip() if not done.returncode else "")
            except (OSError, subprocess.TimeoutExpired):
                said.append("")
        note(said)
        """
    )

    assert not any(done), done


def _addresses() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
        except OSError:
            return []
        return [probe.getsockname()[0]]
