"""The files that a report is written into: which option writes which format, and whether it can be written there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatsim.cli.files import Problems
    from chatsim.report.report import Reporter

__all__ = ["WHOLE", "Files", "check_colour", "check_files", "renderer"]

# Written when all is over, by `render` of this module: Report → str.
WHOLE = {
    "--json": "chatsim.report.json",
    "--junitxml": "chatsim.report.junit",
    "--tap": "chatsim.report.tap",
    "--ctrf": "chatsim.report.ctrf",
    "--html": "chatsim.report.html",
    "--mermaid": "chatsim.report.spacetime.mermaid",
}

Files = Mapping[str, str]  # option -> where to; what was not asked for is not there


def check_files(asked: Mapping[str, str | None], problems: Problems, read: Iterable[str | None] = ()) -> Files:
    """What was asked for, if all of it can be written, each into a place of its own. `read`: what somebody has written
    or recorded; a slip of the keyboard must not write over it.
    """
    from chatsim.cli.files import is_there
    from chatsim.cli.terminal import unwritable

    files = {option: path for option, path in asked.items() if path is not None}
    owners: dict[str, str] = {}
    needed = {Path(path).resolve() for path in read if path and path != "-" and is_there(Path(path).is_file)}
    for option, path in files.items():
        if why := unwritable(path):
            problems.add(f"{option}: {why}")
            continue
        if path != "-" and Path(path).resolve() in needed:
            problems.add(f"{option}: {path} is read here, and would be written over")
            continue
        place = path if path == "-" else str(Path(path).resolve())
        first = owners.setdefault(place, option)
        if first != option and (path == "-" or not Path(path).exists() or Path(path).is_file()):
            where = "go to standard output" if path == "-" else f"be written into {path}"
            problems.add(f"{first} and {option} can not both {where}")
    return files


def check_colour(wanted: str, problems: Problems) -> None:
    from chatsim.cli.nearest import did_you_mean
    from chatsim.cli.terminal import COLOURS

    if wanted not in COLOURS:
        problems.add(f"--color {wanted} makes no sense", did_you_mean(wanted, COLOURS, f"It is {', '.join(COLOURS)}."))


def renderer(option: str) -> Reporter:
    from importlib import import_module

    render: Reporter = import_module(WHOLE[option]).render
    return render
