"""An autograder for Gradescope, as one zip: the assignment, chatsim itself, and the two scripts that Gradescope asks for.

Nothing is downloaded when a submission is graded, and nothing when the image is built, if its Python is new enough. What it
prints is for teachers; students read `results.json` alone.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from string import Template
from typing import Final

__all__ = ["NEEDED_PYTHON", "autograder_zip"]

NEEDED_PYTHON: Final = (3, 11)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes

SETUP = Template("""\
#!/bin/sh
# Gradescope runs this once, as root, when it builds the image. Nothing is downloaded that is there already.
set -eu
root=$${AUTOGRADER_ROOT:-/autograder}

new_enough() {
    "$$1" -c 'import sys; sys.exit(sys.version_info < ($major, $minor))' 2>/dev/null
}

find_python() {
    for name in python3 python3.15 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$$name" >/dev/null && new_enough "$$name"; then
            command -v "$$name"
            return 0
        fi
    done
    return 1
}

install() {
    if ! apt-get update || ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$$@"; then
        echo "could not install: $$*" >&2
        return 1
    fi
}

find_python >/dev/null || install python$major.$minor || true
if ! python=$$(find_python); then
    echo "chatsim needs Python $major.$minor or newer: choose an image that has it, or install it in setup.sh." >&2
    exit 1
fi
# Without bubblewrap, or where the container refuses it, servers are confined by other means; chatsim doctor says by which.
command -v bwrap >/dev/null || install bubblewrap || true
$more
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$$root/source/packages" "$$python" -m chatsim --version
printf '%s\\n' "$$python" > "$$root/source/python"
""")

RUN = Template("""\
#!/bin/sh
# Gradescope runs this for each submission, as root. It is silent unless something is wrong with the grading itself: then there
# are no results, and Gradescope says that the autograder failed. That is no zero.
set -u
root=$${AUTOGRADER_ROOT:-/autograder}
python=$$(cat "$$root/source/python" 2>/dev/null) || python=python3
results="$$root/results/results.json"
work=$$(mktemp -d) || exit 1
trap 'rm -rf "$$work"' EXIT
mkdir -p "$$root/results"
rm -f "$$results"

PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$$root/source/packages" "$$python" -m chatsim grade "$$root/submission" \\
    --assignment "$$root/source/assignment/"$assignment --single --quiet$options \\
    --results "$$work/results" --export gradescope="$$work/results.json" > "$$work/told" 2>&1
status=$$?
# 3: there is something that a person has to decide. The results say so.
if [ "$$status" -ne 0 ] && [ "$$status" -ne 3 ] || [ ! -s "$$work/results.json" ]; then
    echo "chatsim could not grade this submission (exit code $$status):"
    cat "$$work/told"
    exit 1
fi
cp "$$work/results.json" "$$results"
""")


def autograder_zip(
    assignment: str,
    files: Mapping[str, bytes],
    packages: Mapping[str, bytes],
    *,
    setup: str = "",
    unsafe: bool = False,
) -> bytes:
    """The zip to be uploaded. The same arguments give the same bytes.

    `assignment`: the name of its file among `files`, which are what it consists of, by their paths from its folder.
    `packages`: chatsim and all that it needs, by their paths from a folder on Python's path (`chatsim.gradebook.carried`).
    `setup`: more lines for the shell, as root, while the image is built: `apt-get install -y default-jdk-headless`.
    `unsafe`: servers are not confined; only for students who are trusted, since they could write their own results.
    """
    if assignment not in files:
        raise ValueError(f"{assignment} is not among the files")
    major, minor = NEEDED_PYTHON
    options = " --unsafe-no-sandbox" if unsafe else ""
    members = {
        "setup.sh": SETUP.substitute(major=major, minor=minor, more=setup.rstrip("\n")).encode(),
        "run_autograder": RUN.substitute(assignment=_quoted(assignment), options=options).encode(),
        **{f"assignment/{_inside(name)}": content for name, content in files.items()},
        **{f"packages/{_inside(name)}": content for name, content in packages.items()},
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, so that the rights below mean something
            executable = name in ("setup.sh", "run_autograder")
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(info, members[name])
    return written.getvalue()


def _quoted(name: str) -> str:
    """A word of the shell, whatever the file is called."""
    return "'" + name.replace("'", "'\\''") + "'"


def _inside(name: str) -> str:
    if name.startswith("/") or re.search(r"(^|/)\.\.(/|$)", name) or "\\" in name:
        raise ValueError(f"{name} would lie outside")
    return name
