"""A cell by bubblewrap, in words: its arguments for what a server sees and may.

As root no user namespace is used. bubblewrap keeps no right but to change the user, and `setpriv` inside becomes the
user of the slot. As an ordinary user it makes a user namespace, in which the server stays who we are.

`setsid` makes the server the first of its session and group, as one is that is started without all this: signals go to
its group and do not meet bubblewrap.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatsim.sandbox.bounds import Bounds
from chatsim.sandbox.view import COPIED, FOLDER, HOME, View

__all__ = ["Room", "arguments", "inner", "program", "write_settings"]

SYSTEM_PATH = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin"
HOSTNAME = "localhost"


@dataclass(frozen=True, slots=True)
class Room:
    """Of one start. `folder` is the server's, seen from here; `settings` becomes its /etc. `lent`: (what, as what) is
    shown in it, read only. `user`: who it becomes; 0: it stays who we are, in a user namespace."""

    folder: str
    settings: str
    user: int
    lent: tuple[tuple[str, str], ...] = ()


def program() -> str | None:
    """Where bubblewrap is."""
    return shutil.which("bwrap", path=SYSTEM_PATH) or shutil.which("bwrap")


def arguments(view: View, room: Room, bounds: Bounds) -> list[str]:
    """What bubblewrap is told by `--args`: what is seen of the machine, and where it starts."""
    words = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", HOSTNAME]
    words += ["--new-session"]
    if room.user:
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    shown = list(view.shown)
    for path in _parents([*shown, FOLDER, *(path for _, path in room.lent)]):
        words += ["--perms", "0755", "--dir", path]
    for path in shown:
        words += ["--ro-bind", path, path]
    for path, target in view.links:
        words += ["--symlink", target, path]
    for path in view.hidden:
        words += ["--tmpfs", path, "--remount-ro", path]
    words += ["--ro-bind", room.settings, "/etc"]
    for name in view.settings:
        words += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    words += ["--proc", "/proc", "--dev", "/dev"]
    half = str(bounds.disk // 2)  # both together are no more than the disk that it may use
    for place in ("/tmp", "/dev/shm"):
        words += ["--perms", "1777", "--size", half, "--tmpfs", place]
    words += ["--remount-ro", "/dev", "--bind", room.folder, FOLDER]
    for source, path in room.lent:
        words += ["--ro-bind", source, path]
    return [*words, "--remount-ro", "/", "--chdir", FOLDER]


def inner(room: Room, bounds: Bounds, *, terminal: bool) -> list[str]:
    """What becomes the server inside: its command follows."""
    words = [_of_the_system("setsid"), *(["--ctty"] if terminal else [])]
    if room.user:
        user = str(room.user)
        return [
            *words,
            _of_the_system("setpriv"),
            f"--reuid={user}",
            f"--regid={user}",
            "--clear-groups",
            "--inh-caps=-all",
            "--no-new-privs",
            "--",
        ]
    # In the new user namespace only its own processes count, so it must not be said before.
    return [*words, _of_the_system("prlimit"), f"--nproc={bounds.processes}:{bounds.processes}", "--"]


def write_settings(view: View, folder: Path, user: int, group: int) -> None:
    """A small /etc: who there is, what this machine is called, and room for what is shown of the real one."""
    folder.mkdir()
    texts = {
        "passwd": f"root:x:0:0:root:/root:/usr/sbin/nologin\nstudent:x:{user}:{group}:student:{HOME}:/bin/sh\n",
        "group": f"root:x:0:\nstudent:x:{group}:\n",
        "hosts": f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost ip6-localhost ip6-loopback\n",
        "hostname": f"{HOSTNAME}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
        "resolv.conf": "",
    }
    for name in COPIED:
        original = Path("/etc", name)
        if original.is_file() and original.stat().st_size < 200_000:
            texts[name] = original.read_text("utf-8", "replace")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in view.settings:
        original = Path("/etc", name)
        if original.is_dir():
            (folder / name).mkdir()
        elif original.is_file():
            (folder / name).touch()
    clock = Path("/etc/localtime")
    if clock.is_symlink():
        (folder / "localtime").symlink_to(clock.readlink())
    elif clock.is_file():
        (folder / "localtime").write_bytes(clock.read_bytes())


def _of_the_system(name: str) -> str:
    return shutil.which(name, path=SYSTEM_PATH) or name


def _parents(paths: Sequence[str]) -> list[str]:
    """The folders that have to be there for these to be shown: everybody may pass them, and they hold nothing else."""
    found: dict[str, None] = {}
    for path in paths:
        for parent in map(str, reversed(Path(path).parents)):
            if parent != "/" and not any(parent == each or parent.startswith(f"{each}/") for each in paths):
                found[parent] = None
    return list(found)
