"""What every HTML page of ours stands on: its template escapes and spells out all values, and its policy allows it nothing
but its own style and script, and no request at all. The colours and signs are those of `page/page.css`.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from chatsim.report.printable import printable

__all__ = ["asset", "policy", "template"]


@cache
def asset(package: str, name: str) -> str:
    """The text of a file in the folder `page` of a package of ours."""
    return (resources.files(package) / "page" / name).read_text(encoding="utf-8")


@cache
def template(package: str, name: str) -> Template:
    """A template in the folder `page`. Values that are not our own markup are made printable, and escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(asset(package, name))


def policy(css: str, js: str = "") -> str:
    """A Content-Security-Policy: nothing is allowed but this style and this script. `data:` is for the icon, so that none
    is asked for."""
    style, script = (b64encode(sha256(text.encode()).digest()).decode() for text in (css, js))
    scripts = f" script-src 'sha256-{script}';" if js else ""
    return (
        f"default-src 'none'; style-src 'sha256-{style}';{scripts} img-src data:; base-uri 'none'; form-action 'none'"
    )


def _shown(value: object) -> object:
    """What is written in place of a value: texts that are not our own markup lose what could act on a reader."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
