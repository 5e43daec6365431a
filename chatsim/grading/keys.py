"""The keys of the assignment language, as tables: the reader refuses all others, the editors' schema is made of them."""

from __future__ import annotations

from typing import Final

from chatsim.profile.keys import Key, Keys

__all__ = ["ASSIGNMENT", "CREDITS", "LATE", "LIMITS", "MARKS", "PART", "SERVER", "VISIBILITIES"]

CREDITS: Final = ("all", "rate", "each", "look")
VISIBILITIES: Final = ("always", "after-due", "never")

SERVER: Final = Keys(
    (
        Key("find", "texts", "which file is the server: patterns; the first that fits any file decides"),
        Key("folder", "text", "the folder of the submission in which commands run; else the one of the file found"),
        Key("build", "text", "a shell's command that builds it, before it is started"),
        Key("command", "text", "how it is started", required=True),
        Key("profile", "text", "how it is spoken to: a built-in profile, or a file"),
        Key(
            "detect",
            "texts",
            "in place of `profile`: several, of which the first that fits is taken; the last may be `any`",
        ),
    )
)

PART: Final = Keys(
    (
        Key("part", "text", "its name, by which other parts, grade books and `needs` know it", required=True),
        Key("title", "text", "what students read above it; by default its name"),
        Key("points", "points", "what it gives at most", required=True),
        Key("scenarios", "texts", "the files that are played; patterns such as `room/*.yaml` may be among them"),
        Key("scenario", "text", "the same, for one file"),
        Key(
            "properties", "texts", "only these properties, or groups of them, count; by default the outcome of each run"
        ),
        Key("credit", CREDITS, "how runs become points"),
        Key("needs", "texts", "parts that have to be reached whole; else this one is not run"),
        Key("visible", VISIBILITIES, "when its students see it"),
        Key(
            "repeat", "count", "how often each scenario is played, with seeds that follow one another; by default once"
        ),
    )
)

LIMITS: Final = Keys(
    (
        Key("memory", "size", "of all its processes together"),
        Key("data", "size", "private memory of one process"),
        Key("processes", "count", "how many at a time; threads count, too"),
        Key("descriptors", "count", "how many open files and sockets of one process"),
        Key("cpu", "time", "a processor's time, of one process"),
        Key("file", "size", "the largest file that it may write"),
        Key("disk", "size", "all that it may write"),
        Key("output", "size", "what it prints and is kept; what is more is thrown away"),
        Key("run", "time", "how long one scenario may take, from the server's start on"),
        Key("build", "time", "how long the build may take"),
    )
)

LATE: Final = Keys(
    (
        Key("per", "time", "the period that is counted, each begun one whole", required=True),
        Key("minus", "percent", "what is taken off for each, of the points reached", required=True),
        Key("at-most", "percent", "what is taken off at most; by default all"),
        Key("grace", "time", "so long after `due` nothing is taken off, and counting begins; by default none"),
    )
)

ASSIGNMENT: Final = Keys(
    (
        Key("assignment", "text", "its name", required=True),
        Key("title", "text", "what students read above everything; by default its name"),
        Key("server", SERVER, "how the server of a submission is found, built, started and spoken to", required=True),
        Key("parts", "parts", "what gives points", required=True),
        Key("limits", LIMITS, "what one submission's server may use"),
        Key("seed", "seed", "what everything is drawn from, the same for every student; by default 0"),
        Key("patience", "factor", "times the usual patience; by default 1"),
        Key("total", "points", "what the points of all parts are scaled to; by default they are given as they are"),
        Key("due", "moment", "when it is due, with its time zone"),
        Key("late", LATE, "what is taken off when it comes later"),
        Key("unresolved", ("withheld", "given"), "what becomes of points that nobody could tell about"),
        Key("student", "text", "how the name of a file or folder tells whose it is; by default it is the whole name"),
    )
)

MARKS: Final = Keys(
    (
        Key("points", "points", "what a person gives who has looked", required=True),
        Key("comment", "text", "what the student reads beside it"),
    )
)
