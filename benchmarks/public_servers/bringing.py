"""From a row to a folder in which its server can be started, and whether it starts at all."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from benchmarks.public_servers.rows import PROFILES, Row, Start

__all__ = ["Trouble", "built", "ended", "fetch", "free_port", "fresh", "listens", "surroundings"]

GIT_SECONDS = 120
BUILD_SECONDS = 120
START_SECONDS = 15
LINGERING = 70  # seconds that a port may stay taken after a server without SO_REUSEADDR closed first


class Trouble(Exception):  # noqa: N818  (no error of ours: the row cannot be had, built or started, and why)
    """Why this row is not played, in a few words."""


def fetch(row: Row, into: Path) -> None:
    """The repository at its commit, from its public address; what is there already stays."""
    if into.exists():
        return
    half = into.with_name(into.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    for words in (
        ["init", "--quiet"],
        ["fetch", "--quiet", "--depth", "1", f"https://github.com/{row.repository}", row.commit or "HEAD"],
        ["checkout", "--quiet", "FETCH_HEAD"],
    ):
        _run(["git", *words], half, "git", GIT_SECONDS, {**os.environ, "GIT_TERMINAL_PROMPT": "0"})
    half.rename(into)


def surroundings(folder: Path, packages: tuple[str, ...], python: str, install: bool) -> dict[str, str]:
    """The environment of all servers: an environment of their own for what they import, first on the path."""
    own = folder / "venv"
    if install and packages:
        if not own.exists():
            _run([python, "-m", "venv", str(own)], folder, "venv", BUILD_SECONDS, os.environ)
        _run([str(own / "bin" / "pip"), "install", "--quiet", *packages], folder, "pip", 300, os.environ)
    path = os.environ.get("PATH", "")
    return {**os.environ, "PATH": f"{own / 'bin'}{os.pathsep}{path}" if own.exists() else path}


@contextlib.contextmanager
def built(start: Start, checkout: Path, beside: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """A copy of the repository with its code built; gone afterwards. Nothing is started in it: see `fresh`."""
    missing = [program for program in start.needs if shutil.which(program, path=env.get("PATH")) is None]
    if missing:
        raise Trouble(f"no {' and no '.join(missing)} here")
    if not checkout.exists():
        raise Trouble("not fetched")
    whole = beside / f"{checkout.name}.built"
    with _copied(checkout, whole):
        for module in (PROFILES / "public").glob("*.py"):
            shutil.copy(module, whole / start.folder)
        if start.build:
            _run(["sh", "-c", start.build], whole / start.folder, "build", BUILD_SECONDS, env)
        yield whole


@contextlib.contextmanager
def fresh(start: Start, whole: Path, port: int) -> Iterator[Path]:
    """A copy of what was built, with the files that the server needs; the folder to start it in is given, and all is gone
    afterwards. Servers write where they run, and some tell newcomers what was said in another run: each play has its own."""
    played = whole.with_suffix(".played")
    with _copied(whole, played):
        folder = played / start.folder
        for name, text in start.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text.replace("{port}", str(port)), encoding="utf-8")
        yield folder


@contextlib.contextmanager
def _copied(what: Path, to: Path) -> Iterator[None]:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(what, to, symlinks=True)
    try:
        yield
    finally:
        shutil.rmtree(to, ignore_errors=True)


def free_port(start: Start, patience: float = LINGERING) -> int:
    """A port for the server: one that is free, or its own as soon as nobody listens there."""
    until = time.monotonic() + patience
    while True:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("", start.port or 0))
                return int(trial.getsockname()[1])
            except OSError as problem:
                if time.monotonic() > until:
                    raise Trouble(f"port {start.port} is taken") from problem
        time.sleep(0.5)


def listens(start: Start, folder: Path, port: int, env: Mapping[str, str], patience: float = START_SECONDS) -> str:
    """Starts the server, sees on what it can be reached, and ends it: "tcp 127.0.0.1:5000", say. Nobody connects.
    Raises Trouble where it ends before, or listens nowhere in time. Old connections may keep a port from a server that
    sets no SO_REUSEADDR: it is started again when they are forgotten."""
    try:
        return _listens(start, folder, port, env, patience)
    except Trouble:
        if start.port is None or _bindable(port):
            raise
        until = time.monotonic() + LINGERING
        while not _bindable(port) and time.monotonic() < until:
            time.sleep(0.5)
        return _listens(start, folder, port, env, patience)


def _bindable(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("", port))
        except OSError:
            return False
        return True


def _listens(start: Start, folder: Path, port: int, env: Mapping[str, str], patience: float) -> str:
    words = start.words(port)
    surrounding = {**env, "PYTHONUNBUFFERED": "1", **words.get("env", {})}
    said = folder / "said.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            shlex.split(words["command"]),
            cwd=folder,
            env=surrounding,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    console = process.stdin
    assert console is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            console.write(start.stdin.replace("{port}", str(port)).encode())
            console.flush()
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if process.poll() is not None:
                raise Trouble(f"ends at once: {_last_words(said)}")
            if reached := _reached(process.pid):
                return ", ".join(reached)
            time.sleep(0.05)
        raise Trouble(f"listens nowhere: {_last_words(said)}")
    finally:
        with contextlib.suppress(BrokenPipeError):
            console.close()
        ended(process)


def ended(process: subprocess.Popen[bytes], polite: float = 0.0) -> None:
    """Ends it and all below it; `polite`: after having asked it to, and so many seconds for it."""
    tree: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        tree = psutil.Process(process.pid).children(recursive=True)
    if polite and process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(polite)
    for one in tree:
        with contextlib.suppress(psutil.Error):
            one.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs(tree, timeout=5)


def _reached(pid: int) -> list[str]:
    found: set[str] = set()
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for one in [root, *root.children(recursive=True)]:
            for each in one.net_connections():
                if each.laddr and (each.status == psutil.CONN_LISTEN or each.type == socket.SOCK_DGRAM):
                    kind = "udp" if each.type == socket.SOCK_DGRAM else "tcp"
                    found.add(f"{kind} {each.laddr.ip}:{each.laddr.port}")
    return sorted(found)


def _last_words(said: Path) -> str:
    lines = said.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip()[:120] for line in reversed(lines) if line.strip()), "without a word")


def _run(words: list[str], folder: Path, what: str, seconds: float, env: Mapping[str, str]) -> None:
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Trouble(f"{what} took longer than {seconds:g} s") from None
    finally:
        ended(process)
    if process.returncode:
        lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
        raise Trouble(f"{what}: {lines[0][:120] if lines else f'exit code {process.returncode}'}")
