"""What is tried against a grader, one row each: which program tries it, and what it would harm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ATTACKS", "Attack", "Harm", "named"]

Harm = Literal[
    "stolen",  # a secret word stands in what its author gets to see, or was sent away
    "written",  # a file of its lies outside, or one that was there is another
    "heard",  # somebody outside was reached
    "left",  # a process of its is left
    "grader",  # who grades was ended, stopped, traced or slowed down
    "memory",
    "disk",
    "processes",
    "time",
    "points",  # more than its server is worth
    "shown",  # what it says acts where it is shown
]


@dataclass(frozen=True, slots=True)
class Attack:
    """`program`: of `submissions/`; by default the one of its name. `beside`, `archive`: what lies beside it, or what it is
    packed in (`handing_in`). `student`: what its folder is called. `worth`: the points that its server deserves.

    `shows`: what it manages where nothing is confined: that the attack is real, and that the test sees it. Empty: there it
    may not be tried, or is nothing that a sandbox is to prevent. `alone`: there it would end the whole grading, so it is
    graded by itself.
    """

    name: str
    shows: tuple[Harm, ...] = ()
    program: str = ""
    beside: str = ""
    archive: str = ""
    student: str = ""
    worth: int = 10
    alone: bool = False

    @property
    def only_handed_in(self) -> bool:
        """Is it harmless as soon as it is unpacked?"""
        return bool(self.archive or self.student or self.beside)

    @property
    def server(self) -> str:
        return self.program or self.name

    @property
    def key(self) -> str:
        return self.student or self.name


ATTACKS = (
    # reading
    Attack("reads_the_assignment", ("stolen",)),
    Attack("reads_other_students", ("stolen",)),
    Attack("reads_the_results", ("stolen",)),
    Attack("reads_temporary_folders", ("stolen",)),
    Attack("reads_the_environment", ("stolen",)),
    Attack("reads_command_lines", ("stolen",)),
    Attack("reads_memory", ("stolen",)),
    Attack("reads_inherited_descriptors"),
    Attack("reads_descriptors_of_others", ("stolen",)),
    Attack("links_while_building", ("stolen",)),
    Attack("follows_links", beside="links"),
    Attack("makes_namespaces"),
    Attack("becomes_root"),
    # writing
    Attack("writes_its_grade", ("written",), worth=4, alone=True),
    Attack("rewrites_the_assignment", ("written",), worth=4),
    Attack("writes_everywhere", ("written",)),
    Attack("writes_to_inherited_descriptors", worth=4),
    Attack("shadows_modules", program="serves_twice", beside="shadows", worth=4),
    # the grader, and who is left
    Attack("signals_the_grader", ("grader",), worth=4, alone=True),
    Attack("stops_the_grader", ("grader",), worth=4, alone=True),
    Attack("traces_the_grader", ("grader",), worth=4, alone=True),
    Attack("lames_the_grader", ("grader",), worth=4, alone=True),
    Attack("kills_its_keeper"),
    Attack("outlives"),
    Attack("outlives_its_build"),
    Attack("ignores_signals"),
    Attack("never_ends_a_sentence", worth=0),
    Attack("sleeps_in_build", worth=0),
    # what a machine has little of
    Attack("fork_bomb", ("processes",)),
    Attack("thread_bomb", ("processes",)),
    Attack("eats_memory", ("memory",)),
    Attack("eats_memory_by_many", ("memory",)),
    Attack("eats_shared_memory", ("memory",)),
    Attack("hides_memory", ("memory",)),
    Attack("hides_memory_in_a_mount"),
    Attack("fills_the_disk", ("disk",)),
    Attack("holds_deleted_files"),
    Attack("one_large_file", ("disk",)),
    Attack("many_files"),
    Attack("closes_its_folders"),
    Attack("prints_without_end"),
    Attack("prints_in_build", worth=0),
    Attack("floods_the_bots"),
    Attack("burns_processors"),
    Attack("opens_everything"),
    # the network
    Attack("squats_ports"),
    Attack("calls_by_tcp", ("heard",)),
    Attack("calls_by_udp", ("heard",)),
    Attack("calls_by_unix_sockets", ("heard",)),
    Attack("disturbs_neighbours", ("heard",)),
    # points
    Attack("forges_markup", worth=0),
    Attack("forges_nicknames"),
    Attack("forges_the_terminal", worth=0),
    Attack("forges_verdicts", worth=4),
    Attack("behaves_when_watched", worth=4),
    Attack("named_by_markup", program="serves_right", student="<img src=x onerror=alert(1)>"),
    Attack("named_by_a_formula", program="serves_right", student="=1+1|' C'!A0"),
    Attack("named_by_a_terminal", program="serves_right", student="\x1b[2Jbob\r"),
    # what is handed in
    Attack("is_the_neighbours", program="serves_twice", beside="another", worth=0),
    Attack("hands_in_pipes", program="serves_right", beside="pipes"),
    Attack("hands_in_8_gib_of_holes", program="serves_right", beside="holes"),
    Attack("hands_in_folders_without_bottom", program="serves_right", beside="depth"),
    Attack("zip_that_climbs", program="serves_right", archive="climbing zip"),
    Attack("tar_through_a_link", program="serves_right", archive="tar through a link"),
    Attack("tar_of_links", program="follows_links", archive="tar of links"),
    Attack("tar_of_devices", program="serves_right", archive="tar of devices"),
    Attack("zip_bomb", program="serves_right", archive="bomb"),
    Attack("zip_that_lies", program="serves_right", archive="lying zip"),
)


def named(name: str) -> Attack:
    return next(attack for attack in ATTACKS if attack.name == name)
