"""What is handed in: the attackers' folders, archives and links, as their authors would make them."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["ARCHIVES", "BESIDE", "Aim", "put_together"]

PROGRAMS = Path(__file__).parent / "submissions"
Aim = Mapping[str, Any]
MIB = 1024 * 1024


def put_together(program: str, at: Path, aim: Aim) -> None:
    """A folder with one of the programs as its server, and what that knows."""
    main = at / "main"
    (main / "lobby").mkdir(parents=True)
    shutil.copy(PROGRAMS / "lobby" / "__init__.py", main / "lobby")
    text = (PROGRAMS / f"{program}.py").read_text(encoding="utf-8")
    (main / f"{program}.py").write_text(text, encoding="utf-8")
    (main / "aim.json").write_text(json.dumps(aim), encoding="utf-8")
    if 'argv[1] == "build"' in text:
        (main / "builds").touch()


# --- folders with more in them ----------------------------------------------------------------------------------------


def _links(at: Path, aim: Aim) -> None:
    for number, path in enumerate(aim["assignment"]):
        (at / "main" / f"notes-{number}.txt").symlink_to(path)
        (at / f"relative-{number}.txt").symlink_to(os.path.relpath(path, at))
    for number, folder in enumerate(aim["neighbours"]):
        (at / "main" / f"folder-{number}").symlink_to(folder)
    (at / "main" / "round").symlink_to(".")


def _another(at: Path, aim: Aim) -> None:
    """The server is the neighbour's: its whole folder is a link."""
    shutil.rmtree(at / "main")
    (at / "main").symlink_to(Path(aim["neighbours"][0], "main"))


SHADOW = """\
import os
for place in {places!r}:
    try:
        open(os.path.join(place, "owned-{mark}-{name}"), "w").close()
    except OSError:
        pass
raise SystemExit(0)
"""


def _shadows(at: Path, aim: Aim) -> None:
    """Modules by the names of those that the grader imports, wherever it may look for them."""
    text = SHADOW.format(places=list(aim["places"]), mark=aim["mark"], name=aim["name"])
    names = "sitecustomize usercustomize chatsim reference_server yaml typer jinja2 inside spring keeper".split()
    for folder in (at, at / "main"):
        for name in names:
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(text, encoding="utf-8")
        for name in ("chatsim.yaml", "pyproject.toml", "pytest.ini", ".pythonstartup", "x.pth"):
            (folder / name).write_text(text, encoding="utf-8")


def _pipes(at: Path, aim: Aim) -> None:
    """Who reads them waits for ever."""
    os.mkfifo(at / "main" / "pipe")
    os.mkfifo(at / "README.md")


def _holes(at: Path, aim: Aim) -> None:
    with (at / "main" / "holes").open("wb") as file:
        file.truncate(8192 * MIB)


def _without_bottom(at: Path, aim: Aim) -> None:
    path = at / "main"
    for _ in range(60):
        path = path / ("d" * 60)
        path.mkdir()


BESIDE: dict[str, Callable[[Path, Aim], None]] = {
    "links": _links,
    "another": _another,
    "shadows": _shadows,
    "pipes": _pipes,
    "holes": _holes,
    "depth": _without_bottom,
}
"""What lies in a submission beside its server."""


# --- archives ---------------------------------------------------------------------------------------------------------


def _files(program: str, aim: Aim, scratch: Path) -> list[tuple[str, bytes]]:
    folder = scratch / str(aim["name"])
    put_together(program, folder, aim)
    return [
        (path.relative_to(folder).as_posix(), path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()
    ]


def _owned(aim: Aim) -> str:
    return f"owned-{aim['mark']}-{aim['name']}"


def climbs(program: str, at: Path, aim: Aim, scratch: Path) -> None:
    """A zip whose names lead upwards, and to the root, in both kinds of slashes."""
    with zipfile.ZipFile(at.with_suffix(".zip"), "w") as archive:
        for name, data in _files(program, aim, scratch):
            archive.writestr(name, data)
        for place in aim["places"]:
            for begin in ("", "../" * 12, "main/../" + "../" * 12, "/..", "C:"):
                archive.writestr(f"{begin}{place.rstrip('/')}/{_owned(aim)}", aim["name"])
        archive.writestr(f"..\\..\\..\\{_owned(aim)}", aim["name"])
        for up in range(1, 6):
            archive.writestr("../" * up + _owned(aim), aim["name"])


def through_a_link(program: str, at: Path, aim: Aim, scratch: Path) -> None:
    """A tar with links to folders outside, and then files in them."""
    with tarfile.open(at.with_suffix(".tar"), "w") as archive:
        _add(archive, program, aim, scratch)
        for number, place in enumerate(aim["places"]):
            _link(archive, f"way-{number}", place)
            _file(archive, f"way-{number}/{_owned(aim)}", b"x")
            _link(archive, f"main/file-{number}", f"{place}/{_owned(aim)}")
            _file(archive, f"main/file-{number}", b"x")
        _link(archive, "a", ".")
        _link(archive, "a/b", "..")
        _link(archive, "a/b/c", "..")
        _file(archive, f"a/b/c/{_owned(aim)}", b"x")


def links_in_a_tar(program: str, at: Path, aim: Aim, scratch: Path) -> None:
    """A tar with symbolic and hard links to what its author wants to read."""
    with tarfile.open(at.with_suffix(".tar.gz"), "w:gz") as archive:
        _add(archive, program, aim, scratch)
        for number, path in enumerate([*aim["assignment"], *aim["secrets"]]):
            _link(archive, f"main/soft-{number}", path)
            for kind, to in (("hard", path), ("up", "../" * 12 + path.lstrip("/"))):
                info = tarfile.TarInfo(f"main/{kind}-{number}")
                info.type, info.linkname = tarfile.LNKTYPE, to
                archive.addfile(info)


def devices(program: str, at: Path, aim: Aim, scratch: Path) -> None:
    """A tar with a disk, a pipe, and programs that run as root."""
    with tarfile.open(at.with_suffix(".tar"), "w") as archive:
        _add(archive, program, aim, scratch)
        for name, kind in (("disk", tarfile.BLKTYPE), ("memory", tarfile.CHRTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(f"main/{name}")
            info.type, info.devmajor, info.devminor, info.mode = kind, 8, 0, 0o666
            archive.addfile(info)
        info = tarfile.TarInfo("main/shell")
        info.mode, info.uid, info.uname, info.size = 0o6777, 0, "root", 1
        archive.addfile(info, io.BytesIO(b"x"))


def bomb(program: str, at: Path, aim: Aim, scratch: Path) -> None:
    """A zip of 300 KB that is 300 MB, with more of them in it."""
    inner = io.BytesIO()
    with (
        zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("zeros", "w") as file,
    ):
        for _ in range(60):
            file.write(bytes(MIB))
    with zipfile.ZipFile(at.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in _files(program, aim, scratch):
            archive.writestr(name, data)
        for number in range(5):
            archive.writestr(f"main/more-{number}.zip", inner.getvalue())
        with zipfile.ZipFile(inner) as full, full.open("zeros") as source, archive.open("main/zeros", "w") as file:
            shutil.copyfileobj(source, file)


def liar(program: str, at: Path, aim: Aim, scratch: Path) -> None:
    """A zip that says of a file that it is small, and is cut off in the middle of another."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files(program, aim, scratch):
            archive.writestr(name, data)
        archive.writestr("main/large", bytes(MIB))
    data = bytearray(whole.getvalue())
    place = data.rindex(b"main/large") - 46  # of its entry in the directory at the end
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    at.with_suffix(".zip").write_bytes(bytes(data))


def _add(archive: tarfile.TarFile, program: str, aim: Aim, scratch: Path) -> None:
    for name, data in _files(program, aim, scratch):
        _file(archive, name, data)


def _file(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def _link(archive: tarfile.TarFile, name: str, to: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, to
    archive.addfile(info)


ARCHIVES: dict[str, Callable[[str, Path, Aim, Path], None]] = {
    "climbing zip": climbs,
    "tar through a link": through_a_link,
    "tar of links": links_in_a_tar,
    "tar of devices": devices,
    "bomb": bomb,
    "lying zip": liar,
}
"""Makes an archive of a program: its name, the archive's path without suffix, what it knows, a folder to work in."""
