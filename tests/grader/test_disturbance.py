"""What the kernel says of pressure decides whether a replay was disturbed."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.grader import disturbance
from chatsim.grader.disturbance import Disturbance


class Machine:
    """Its clock, and what its kernel would tell."""

    def __init__(self, folder: Path) -> None:
        self.now = 1000.0
        self.folder = folder
        self.waited = {"cpu": 18761.0, "memory": 0.0, "io": 147.5}
        self.tell()

    def goes_on(self, seconds: float, **waited: float) -> None:
        self.now += seconds
        for resource, more in waited.items():
            self.waited[resource] += more
        self.tell()

    def tell(self) -> None:
        for resource, seconds in self.waited.items():
            lines = [
                f"{kind} avg10=0.26 avg60=0.26 avg300=0.34 total={int(us)}\n"
                for kind, us in (("some", seconds * 1e6), ("full", 9e9))
            ]
            (self.folder / resource).write_text("".join(lines), encoding="ascii")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setattr(disturbance, "monotonic", lambda: made.now)
    return made


@pytest.mark.parametrize(
    ("seconds", "waited", "disturbed"),
    [
        (4.0, {}, False),
        (4.0, {"cpu": 0.15}, False),
        (4.0, {"cpu": 0.25}, True),
        (4.0, {"memory": 0.25}, True),
        (4.0, {"io": 0.25}, True),
        (4.0, {"cpu": 0.1, "io": 0.08, "memory": 0.07}, True),
        (0.2, {"cpu": 0.09}, False),
        (0.2, {"cpu": 0.11}, True),
    ],
    ids=["idle", "a little", "processor", "memory", "disk", "together", "a short one", "a short one, for longer"],
)
def test_who_could_not_go_on_for_a_twentieth_of_the_time_was_disturbed(
    machine: Machine, seconds: float, waited: dict[str, float], disturbed: bool
) -> None:
    seen = Disturbance(machine.folder)
    machine.goes_on(seconds, **waited)

    assert bool(seen) is disturbed


def test_what_was_before_does_not_count(machine: Machine) -> None:
    machine.goes_on(10.0, cpu=9.0)
    seen = Disturbance(machine.folder)
    machine.goes_on(1.0)

    assert not seen


@pytest.mark.parametrize("told", [None, "", "some avg10=0.00\n", "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"])
def test_where_the_kernel_does_not_tell_everything_counts_as_disturbed(machine: Machine, told: str | None) -> None:
    if told is None:
        (machine.folder / "io").unlink()
    else:
        (machine.folder / "io").write_text(told, encoding="ascii")

    assert Disturbance(machine.folder)
