"""Whatever a scenario or a profile is instead of one: a letter about it, exit code 2, at once, and nothing is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ground import Ground, in_good_order

RIGHT_END = "\nbots: [ann, bob]\nsteps:\n  - join: everyone\n"


def _bombs() -> dict[str, bytes]:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"] + [
        f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=False)
    ]
    return {
        "binary": bytes(range(256)) * 40,
        "empty": b"",
        "blank": b"   \n\n",
        "zeros": bytes(100_000),
        "latin": 'scenario: "d\xe9j\xe0 vu"'.encode("latin-1") + RIGHT_END.encode(),
        "utf16": ('scenario: "x"' + RIGHT_END).encode("utf-16"),
        "bomb": "\n".join(lines).encode(),
        "deep": b"[" * 50_000,
        "deep-block": "\n".join(" " * n + "a:" for n in range(3000)).encode(),
        "large": b'scenario: "' + b"x" * 10_000_000 + b'"' + RIGHT_END.encode(),
        "long-line": b'scenario: "x"\nbots: [' + b"ann, " * 150_000 + b"bob]\nsteps: []\n",
        "list": b"- scenario: x\n- 7\n",
        "text": b"once upon a time",
        "python": b"!!python/object/apply:os.system ['touch hacked']\n",
        "twins": b"scenario: a\n---\nscenario: b\n",
        "absurd": b'scenario: "x"\nbots: 999999999999\nsteps:\n  - repeat: {times: 999999999, do: [{join: everyone}]}\n',
        "absurd-size": b"scenario: x\nbots: [a, b]\nsteps:\n  - join: everyone\n  - chat: {a: {size: 999999MB, count: 99}}\n",
        "regex": b'profile: x\nframing: newline\nhears: "re:((((a+)+)+)+)+(?P<nick>"\n',
        "template": b'profile: x\nframing: newline\nsays: "{nik}"\n',
        "itself": b"profile: itself\nextends: itself.yaml\n",
        "missing-parent": b"profile: x\nextends: nobody\n",
    }


@pytest.fixture
def files(ground: Ground) -> Path:
    folder = ground.folder
    for name, data in _bombs().items():
        (folder / f"{name}.yaml").write_bytes(data)
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "dangling.yaml").symlink_to("nothing.yaml")
    (folder / "folder.yaml").mkdir()
    return folder


WRONG = [
    *(f"{name}.yaml" for name in _bombs()),
    *("loop.yaml", "dangling.yaml", "folder.yaml", "/proc/self/mem", "/dev/zero", "/dev/null", "nowhere/x.yaml"),
    *("", "x" * 5000, "\udcff.yaml"),
]


SHOWN = {"": "empty name", "x" * 5000: "x" * 100, "\udcff.yaml": ".yaml"}


@pytest.mark.parametrize("verb", ["run", "validate"])
def test_files_that_are_none_are_refused_together(ground: Ground, files: Path, verb: str) -> None:
    ended = in_good_order(ground, ground.call(verb, *WRONG))

    assert ended.code == 2
    assert ended.out == ""
    for path in WRONG:
        assert SHOWN.get(path, path) in ended.err, path
    assert not (files / "hacked").exists()


@pytest.mark.parametrize("path", WRONG, ids=lambda path: ascii(path[:20]))
def test_a_profile_that_is_none_is_refused(ground: Ground, files: Path, path: str) -> None:
    ended = in_good_order(ground, ground.call("run", "talk.yaml", "--profile", path))

    assert ended.code == 2
    assert ended.out == ""
    assert 0 < len(ended.err) < 20_000
    assert ended.seconds < 10


@pytest.mark.parametrize("path", ["binary.yaml", "/dev/zero", "bomb.yaml", "absurd.yaml", "", "deep.yaml"])
def test_nor_is_one_explained(ground: Ground, files: Path, path: str) -> None:
    ended = in_good_order(ground, ground.call("explain", path))

    assert ended.code == 2
    assert 0 < len(ended.err) < 20_000
    assert ended.seconds < 10


def test_a_folder_full_of_them_is_told_at_once(ground: Ground, files: Path) -> None:
    """Files that lie in a folder are looked at only if they are files: a pipe among them is passed over."""
    os.mkfifo(files / "pipe.yaml")
    ended = in_good_order(ground, ground.call("validate", "."))

    assert ended.code == 2
    for name in _bombs():
        assert f"{name}.yaml" in ended.err


@pytest.mark.parametrize("verb", ["run", "validate"])
def test_a_pipe_is_read_as_a_shell_hands_it_over(ground: Ground, verb: str) -> None:
    """As `chatsim run <(make-scenario)`."""
    script = f'exec {{fd}}< <(cat talk.yaml); exec "$@" {verb} /dev/fd/$fd'
    ended = in_good_order(ground, ground.start(around=["/bin/bash", "-c", script, "bash"]).end())

    assert ended.code == 0, ended.said


def test_a_folder_that_loops_is_walked_once(ground: Ground) -> None:
    (ground.folder / "inner").mkdir()
    (ground.folder / "inner" / "outer").symlink_to("..")
    ended = in_good_order(ground, ground.call("run", "inner"))

    assert ended.code in (0, 2)
    assert ended.seconds < 10


def test_a_place_is_named_for_every_mistake_of_a_file(ground: Ground) -> None:
    ground.scenario('scenario: "x"\nbots: [ann]\nsteps:\n  - jion: ann\n  - chat: {bob: "hi"}\n', "two.yaml")
    ended = in_good_order(ground, ground.call("run", "two.yaml"))

    assert ended.code == 2
    assert "two.yaml:4:5" in ended.err
    assert "two.yaml:5:12" in ended.err
