"""What holds as root holds as an ordinary user: where the tests run as root, those of this folder are run as one, too."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from chatsim.sandbox.view import is_for_everybody

ROOT = Path(__file__).parent.parent.parent
FILES = [f"tests/sandbox/test_{name}.py" for name in ("confinement", "bounds", "survey")]
SOMEBODY = 60_570  # a number that nobody has


def python() -> list[str]:
    """A Python of our version, or near to it, that everybody may run; skips where there is none that has what tests need."""
    for name in dict.fromkeys((sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")):
        if is_for_everybody(name) and is_for_everybody(str(Path(name).resolve())):
            words = [name, "-c", "import pytest, hypothesis, yaml, faker, chatsim.runs"]
            done = subprocess.run(words, env=environment(), user=SOMEBODY, group=SOMEBODY, cwd=ROOT, check=False)
            if done.returncode == 0:
                return [name]
    pytest.skip("there is no Python here that everybody may run and that has what the tests need")


def environment() -> dict[str, str]:
    packages = sysconfig.get_path("purelib")
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([str(ROOT), packages]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
    }


@pytest.mark.timeout(600)
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="an ordinary user's tests are these themselves"
)
def test_an_ordinary_user_is_offered_no_less(tmp_path: Path) -> None:
    if not is_for_everybody(str(ROOT)):
        pytest.skip("not everybody may read these tests")
    words = [*python(), "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
    folder = Path("/tmp", f"tests-of-somebody-{os.getpid()}")  # pytest's own folders are closed to others
    folder.mkdir()
    os.chown(folder, SOMEBODY, SOMEBODY)
    try:
        done = subprocess.run(
            [
                *words,
                f"--basetemp={folder / 'pytest'}",
                "tests/sandbox/test_confinement.py",
                "tests/sandbox/test_survey.py",
            ],
            env=environment(),
            user=SOMEBODY,
            group=SOMEBODY,
            extra_groups=[],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(["rm", "-rf", "--", str(folder)], check=False)

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
