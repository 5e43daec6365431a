"""What a confined server sees of this machine: its system and the interpreters, read only, and nothing of ours.

Pure but for looks at which files there are.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatsim.errors import ServerError

__all__ = ["COPIED", "FOLDER", "HOME", "View", "is_for_everybody", "our_own", "view_of"]

HOME = "/home/student"
FOLDER = f"{HOME}/server"  # where its folder lies, in a mount view of its own
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/run/current-system",
)
STANDARD = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")  # of the PATH
SETTINGS = (  # of /etc: what finds libraries and programs, certificates, and what runtimes have there
    *("alternatives", "ld.so.*", "ssl", "pki", "ca-certificates", "crypto-policies"),
    *("java*", "jvm*", "dotnet*", "mono*", "php*", "ruby*"),
)
COPIED = (
    "protocols",
    "services",
    "mime.types",
    "timezone",
    "gai.conf",
    "host.conf",
)  # of /etc, small and of no interest
HOMES = (
    "JAVA_HOME",
    "GOROOT",
    "NODE_HOME",
    "DOTNET_ROOT",
    "ERLANG_HOME",
    "JULIA_BINDIR",
)  # variables that name a runtime's folder
LANGUAGE = ("LANG", "LC_ALL", "TZ")


@dataclass(frozen=True, slots=True)
class View:
    """`shown`: paths that are seen as they are, read only; `links`: (path, what it leads to); `hidden`: of what is shown.
    `settings`: names in /etc that are shown. `path`: the folders of its PATH. `environment`: what it gets of ours."""

    shown: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    hidden: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    path: tuple[str, ...] = STANDARD
    environment: Mapping[str, str] = field(default_factory=dict)

    def shows(self, path: str) -> bool:
        """Is this path seen, in there?"""
        if any(_below(path, link) for link, _ in self.links):
            path = os.path.realpath(path)
        return any(_below(path, each) for each in self.shown) and not any(_below(path, each) for each in self.hidden)

    def program(self, name: str, folder: Path) -> tuple[str, tuple[str, ...]]:
        """The path of a program, `name` as it stands in a command that is played in `folder`; and what has to be shown in
        addition. `python` is `python3` where there is none. Raises ServerError where there is no such program."""
        if os.sep in name:
            if not name.startswith("/"):
                return name, ()  # of its own folder, which is seen
            if not Path(name).exists() and not name.startswith(HOME):
                raise ServerError(f'the server\'s command was not found: there is no program "{name}"')
            if _is_ours(name):  # a Python that has our own packages; the bare one is meant
                name = os.path.realpath(name)
                return self.program(name if self.shows(name) else "python3", folder)
            return name, self._needed(name)
        found = shutil.which(name, path=os.pathsep.join(self.path))
        if found is None and name == "python":
            return self.program("python3", folder)
        if found is None:
            found = shutil.which(name)
        if found is None or (_is_ours(found) and not _is_shown(os.path.realpath(found), self.shown)):
            raise ServerError(
                f'the server\'s command was not found: there is no program "{name}" for it',
                hint="Is it installed, and where a confined server may see it? A program in the server's folder is written ./"
                + name,
            )
        return found, self._needed(found)

    def _needed(self, program: str) -> tuple[str, ...]:
        if program.startswith(HOME):
            return ()
        homes = (home_of(program), home_of(os.path.realpath(program)))
        return tuple(each for each in dict.fromkeys(homes) if not self.shows(each))


def view_of(
    reads: Sequence[Path] = (), environment: Mapping[str, str] | None = None, *, everybody: bool = False
) -> View:
    """The view of this machine. `reads`: what is shown in addition; `everybody`: no more than every user may see as it is."""
    environment = os.environ if environment is None else environment
    shown, links = [], []
    for name in SYSTEM:
        if Path(name).is_symlink():
            links.append((name, str(Path(name).readlink())))
        elif Path(name).is_dir():
            shown.append(name)
    path: list[str] = []
    base = str(Path(sys.base_prefix).resolve())
    if not _is_shown(base, shown) and not (everybody and not is_for_everybody(base)):
        shown.append(base)
        path.append(f"{base}/bin")
    kept = {name: environment[name] for name in LANGUAGE if name in environment}
    for name in HOMES:
        home = environment.get(name, "")
        if home.startswith("/") and Path(home).is_dir() and not _is_too_much(Path(home).resolve()):
            kept[name] = home
            shown += [each for each in dict.fromkeys((home, str(Path(home).resolve()))) if not _is_shown(each, shown)]
            path.append(f"{home}/bin")
    for each in reads:
        resolved = str(each.resolve())
        if not _is_shown(resolved, shown):
            shown.append(resolved)
    hidden = [
        each for each in our_own() if _is_shown(each, shown) and not any(Path(each).is_relative_to(r) for r in reads)
    ]
    settings = sorted({each.name for pattern in SETTINGS for each in Path("/etc").glob(pattern)})
    return View(tuple(shown), tuple(links), tuple(hidden), tuple(settings), (*dict.fromkeys(path), *STANDARD), kept)


def is_for_everybody(path: str) -> bool:
    """May every user read it, and pass the folders above it?"""
    try:
        above = all(parent.stat().st_mode & 0o001 for parent in Path(path).resolve().parents)
        return above and bool(Path(path).stat().st_mode & 0o004)
    except OSError:
        return False


def _is_ours(program: str) -> bool:
    """Of the environment in which chatsim is installed, where that is one by itself."""
    return sys.prefix != sys.base_prefix and _below(program, sys.prefix)


def our_own() -> tuple[str, ...]:
    """The folders of our own program: no server has business there."""
    package = Path(__file__).resolve().parent.parent
    sides = [package, package.parent / "reference_server"]
    return tuple(str(each) for each in sides if each.is_dir())


def home_of(program: str) -> str:
    """The folder that a program needs to be of use: what it is installed in, or where that would be too much, it alone."""
    parent = Path(program).parent
    prefix = parent.parent
    if parent.name == "bin" and (prefix / "lib").is_dir() and not _is_too_much(prefix):
        return str(prefix)
    return program


def _is_too_much(folder: Path) -> bool:
    """A person's home, or what holds one, or all the rest."""
    home = Path.home()
    return folder in (Path("/"), home / ".local", Path("/opt"), Path("/tmp"), Path("/var")) or home.is_relative_to(
        folder
    )


def _is_shown(path: str, shown: Sequence[str]) -> bool:
    return any(_below(path, each) for each in shown)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
