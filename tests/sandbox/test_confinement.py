"""What a program can do in a sandbox, seen from outside: by what it managed to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.conftest import Program


def test_it_works_in_its_folder(program: Program) -> None:
    assert program.does("note(sorted(os.listdir()))") == ["attack.py"]
    assert program.done.code == 0


def test_it_reads_nothing_of_ours(program: Program, tmp_path: Path) -> None:
    secret = tmp_path / "assignment.yaml"
    secret.write_text("points: all")

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
    (tmp_path / "other").mkdir(mode=0o777)

    program.does(
        """
        for place in (outside, "/usr", "/etc", "/home", "/", "/tmp", "/dev/shm", "/var/tmp", "."):
            try:
                open(place + "/left-behind", "w").close()
            except OSError:
                pass
        """,
        outside=str(tmp_path / "other"),
    )

    assert (program.folder / "left-behind").exists()
    assert not (tmp_path / "other" / "left-behind").exists()
    assert not [place for place in ("/usr", "/etc", "/home", "/tmp", "/dev/shm") if Path(place, "left-behind").exists()]


def test_what_it_leaves_running_is_ended(program: Program) -> None:
    program.does(
        """
        if os.fork():
            os._exit(0)
        os.setsid()
        note(0)
        if os.fork():
            os._exit(0)
        import time
        number = 0
        while True:
            number += 1
            note(number)
            time.sleep(0.01)
        """
    )

    assert (program.folder / "noted.json").exists()
    assert not [each for each in map(_command, _processes()) if b"attack.py" in each]


def _processes() -> list[Path]:
    return [each for each in Path("/proc").iterdir() if each.name.isdigit()]


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
