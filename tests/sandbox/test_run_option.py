"""`chatsim run --sandbox`: at home as when it is graded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatsim.sandbox.survey import best_level

ROOT = Path(__file__).parent.parent.parent
DROPS = str(ROOT / "scenarios" / "drops.yaml")

pytestmark = pytest.mark.skipif(best_level() == "none", reason="servers cannot be confined here")


def chatsim(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    call = [sys.executable, "-m", "chatsim", *words]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_right_server_passes_and_is_told_to_be_played_again_in_the_same_way(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "servers" / "right_threads.py", tmp_path / "server.py")
    words = (
        "run",
        DROPS,
        "--server",
        "python3 server.py {port}",
        "--profile",
        "lines",
        "--sandbox",
        "--json",
        "all.json",
    )
    done = chatsim(*words, folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "--sandbox" in (tmp_path / "all.json").read_text()


def test_what_it_uses_too_much_of_is_told_as_the_servers_fault(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(
        "import time\nfor number in range(6):\n    open(str(number), 'wb').write(bytes(30_000_000))\ntime.sleep(600)\n"
    )
    words = ("run", DROPS, "--server", "python3 server.py {port}", "--profile", "lines", "--sandbox")
    done = chatsim(*words, folder=tmp_path)

    assert done.returncode == 4, done.stdout + done.stderr
    assert "The server wrote more than 128 MiB to the disk and was ended" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["server.py"]


def test_many_side_by_side_on_one_port(tmp_path: Path) -> None:
    if best_level() != "bubblewrap":
        pytest.skip("without bubblewrap a server may have no network of its own")
    source = (ROOT / "tests" / "servers" / "right_threads.py").read_text()
    assert "sys.argv[1]" in source
    (tmp_path / "server.py").write_text(source.replace("sys.argv[1]", "5555"))
    words = (
        "run",
        DROPS,
        "--server",
        "python3 server.py",
        "--profile",
        "lines",
        "--sandbox",
        "--repeat",
        "4",
        "-j",
        "4",
    )
    done = chatsim(*words, folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "one after the other" not in done.stderr


MEDDLES = """try:
    open(%r, "a").write("I was here")
except OSError:
    pass
"""


@pytest.mark.parametrize("verb", ["run", "detect"])
def test_how_it_is_spoken_to_is_found_out_in_the_sandbox_too(verb: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    source = (ROOT / "tests" / "servers" / "right_threads.py").read_text()
    head, future, rest = source.partition("from __future__ import annotations\n")
    (folder / "server.py").write_text(head + future + MEDDLES % str(tmp_path / "meddled") + rest)
    command = "python3 server.py {port}"
    words = ("run", DROPS, "--server", command, "--sandbox")
    done = chatsim(*(words if verb == "run" else ("detect", "--sandbox", "--", command)), folder=folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "meddled").exists()


def test_a_server_that_runs_already_stays_where_it_is(tmp_path: Path) -> None:
    done = chatsim("run", DROPS, "--connect", "127.0.0.1:9", "--profile", "lines", "--sandbox", folder=tmp_path)

    assert done.returncode == 2
    assert "--sandbox and --connect exclude each other" in done.stderr
