"""A class, written down by hand: an assignment, and of each student what was seen and the points for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.gradebook.graded import Graded
from chatsim.grading.assignment import Assignment, Late, Part, ServerRules
from chatsim.grading.grade import Grade, PartGrade, PartState
from chatsim.grading.record import RunRecord, State, Student, SubmissionRecord, VerdictRecord
from chatsim.grading.visibility import for_student
from chatsim.report.spacetime.layout import diagram
from chatsim.report.spacetime.svg import svg
from tests.checks.story import Story

DUE = 1_796_079_600.0  # 2026-11-30 23:00 UTC
EVIL = (
    "</script><script>document.title='broken'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>]]>&amp;<!--"
    "\x00\x1b[31m\u202egnp.exe\u2066\udc80\ufffe"
)
HOSTILE = (
    EVIL,
    '=HYPERLINK("http://127.0.0.1:9","x")',
    'a;=1+1,"\t@SUM(A1)"|-2',
    "\r\n+cmd|' /C calc'!A0",
    "＝1+1",
    "```\n# head\n</details>[a](javascript:b) @everyone #1 www.example.org http://127.0.0.1:9/\n~~~\n***\n1. x",
    "Comment :=>> lie\nGrade :=>> 100\n<|--\n--|>\nComment :=>>",
    "::error file=a,line=1::owned\n##[error]owned ##[add-mask]o",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %>",
)
ORDER = "everybody hears everybody in order"
STAY = "when a connection breaks, those who stay are told"

ASSIGNMENT = Assignment(
    name="chat-1",
    title="A chat server",
    server=ServerRules(command="python {file} {port}", find=("server.py",)),
    parts=(
        Part("talking", "Everybody hears everybody", Decimal(10), (), repeat=3),
        Part("leaving", "People come and go", Decimal(6), (), ("drop-notice", "leave-notice"), credit="each"),
        Part("style", "How it is written", Decimal(4), (), credit="look"),
        Part("secret", "Slow readers", Decimal(5), (), visible="never", needs=("talking",)),
    ),
    digest="a1b2c3",
    seed=7,
    due=DUE,
    late=Late(86400.0, Decimal(10), Decimal(50), 900.0),
)


def picture() -> str:
    """bob hears the second message first."""
    story = Story()
    story.step("join", text="- join: everyone")
    story.connect("ann", "bob")
    story.told("ann", "bob")
    story.step("chat", text="- chat: {ann: [one, two]}")
    story.say("ann", "one")
    story.say("ann", "two")
    early = story.hear("bob", "two")
    late = story.hear("bob", "one")
    story.ended()
    verdict = Verdict(
        "fifo-order", Outcome.FAILED, "so", (early, late), Evidence.PROOF, exercised=1, where="t.yaml:5:5"
    )
    return svg(diagram(story.history, [verdict]), "s1-")


def passed(part: str, scenario: str, file: str, seed: int = 7) -> RunRecord:
    verdicts = tuple(VerdictRecord(name, "passed") for name in ("delivery", "fifo-order", "drop-notice"))
    return RunRecord(part, scenario, file, seed, 1.2, "passed", 0.25, verdicts)


def failed(part: str, scenario: str, file: str, name: str, seed: int = 7) -> RunRecord:
    verdicts = (
        VerdictRecord("delivery", "passed"),
        VerdictRecord(
            name,
            "failed",
            'bob got "two" at 0.31 s, before "one": ann had said them in the other order.',
            "Perhaps: each message is sent by a thread of its own.\nTry: one `queue` and one thread for each client.",
            evidence="proof",
        ),
    )
    return RunRecord(
        part,
        scenario,
        file,
        seed,
        1.2,
        "failed",
        2.25,
        verdicts,
        text=f"FAILED  {file} · {scenario}\n        failed 1 · passed 1 · seed {seed} · 2.25 s\n",
        replay=f'chatsim run {file} --server "python server.py {{port}}" --profile lines --seed {seed}',
        picture=picture(),
    )


def unclear(part: str, scenario: str, file: str, seed: int = 7) -> RunRecord:
    verdict = VerdictRecord("drop-notice", "inconclusive", "ann may or may not have been told.", cause="machine")
    return RunRecord(
        part, scenario, file, seed, 4.8, "inconclusive", 9.5, (verdict,), undisturbed=2, patient=1, needs_review=True,
        text=f"INCONCLUSIVE  {file}\n", replay=f"chatsim run {file} --seed {seed}",
    )  # fmt: skip


def whole(of: int, low: str, high: str | None = None) -> tuple[Decimal, Decimal, Decimal]:
    return Decimal(of), Decimal(low), Decimal(low if high is None else high)


def record(key: str, name: str, *runs: RunRecord, state: State = "played") -> SubmissionRecord:
    return SubmissionRecord(
        Student(key, name),
        state,
        origin=f"submissions/{key}.zip",
        submitted=DUE - 3600.0,
        server="python server.py {port}" if state == "played" else "",
        profile="lines" if state == "played" else "",
        runs=runs,
        version="0.1.0",
        machine="Linux 6.1, Python 3.11.9, 2 cores",
        confinement="bubblewrap",
        patience=1.2,
        assignment="a1b2c3",
        digest=f"d-{key}",
        seconds=sum(run.duration_s for run in runs) + 0.5,
    )


def parts(talking: PartGrade, leaving: PartGrade, style: PartGrade, secret: PartGrade) -> tuple[PartGrade, ...]:
    return (talking, leaving, style, secret)


TALKING = PartGrade("talking", "Everybody hears everybody", *whole(10, "10"), "full", "", passed=3, played=3)
LEAVING = PartGrade("leaving", "People come and go", *whole(6, "6"), "full", passed=1, played=1)
STYLE = PartGrade("style", "How it is written", *whole(4, "3.5"), "partial", comment="Clear, but `main` is long.")
SECRET = PartGrade("secret", "Slow readers", *whole(5, "5"), "full", visible="never", passed=1, played=1)


def right() -> Graded:
    """All passed; a person gave 3.5 of 4."""
    runs = [passed("talking", ORDER, "talk.yaml", seed) for seed in (7, 8, 9)]
    runs += [passed("leaving", STAY, "stay.yaml"), passed("secret", "one does not read", "slow.yaml")]
    found = record("anna", "Anna Ångström", *runs)
    grade = Grade(found.student, "played", (TALKING, LEAVING, STYLE, SECRET), *whole(25, "23.5"), Decimal("23.5"))
    return Graded(found, grade)


def wrong() -> Graded:
    """Two of three runs failed; one property is unclear; a day late; nobody has looked at the style."""
    runs = (
        passed("talking", ORDER, "talk.yaml", 7),
        failed("talking", ORDER, "talk.yaml", "fifo-order", 8),
        failed("talking", ORDER, "talk.yaml", "fifo-order", 9),
        unclear("leaving", STAY, "stay.yaml"),
    )
    found = replace(record("bob", "Bob O'Neil", *runs), submitted=DUE + 90_000, not_run=(("secret", "talking"),))
    talking = replace(TALKING, low=Decimal(0), high=Decimal(0), state="none", passed=1, why="2 of 3 runs failed.")
    leaving = replace(LEAVING, low=Decimal(0), state="needs-review", passed=0, played=0, why="1 run is unclear.")
    style = replace(STYLE, low=Decimal(0), high=Decimal(4), state="to-look", comment="")
    secret = replace(SECRET, low=Decimal(0), high=Decimal(0), state="not-run", why="It needs talking.", passed=0)
    grade = Grade(
        found.student, "played", (talking, leaving, style, secret), *whole(25, "0", "9"), Decimal(0),
        late=90_000.0, minus=Decimal(10),
    )  # fmt: skip
    return Graded(found, grade)


TOLD: dict[State, str] = {
    "several-submissions": "There are two: bob.zip and Bob.zip. Which of them counts?",
    "not-unpacked": "bob.zip is no zip archive: it begins with `Rar!`.",
    "no-server": "There is no server.py. There are: main.py, client.py.",
    "several-servers": "There are two: a/server.py and b/server.py. Which of them counts?",
    "not-built": "`javac Server.java` ended with status 1.",
    "not-started": "It ended at once, with exit code 1, before it listened.\nIts last words:\n  Traceback …\n    import sokcet",
    "not-understood": "A bot said `ann` and waited 2.0 s for `Welcome, ann!`. What came was `Enter your name:`.",
    "stopped": "The server used more than 1024 MiB of memory and was ended.",
    "infrastructure": "The machine that grades had no space left.",
}


def not_played(state: State, key: str = "") -> Graded:
    """Nothing was played, for this reason."""
    found = record(key or state, state.replace("-", " ").title(), state=state)
    found = replace(found, told=TOLD[state], output="Traceback …\nNameError: name 'sokcet' is not defined\n")
    ours = state == "infrastructure"
    several = state in ("several-submissions", "several-servers")
    word: PartState = "infrastructure" if ours else "needs-review" if several else "none"
    each = tuple(
        replace(
            part, low=Decimal(0), high=Decimal(0) if word == "none" else part.of, comment="", passed=0, played=0,
            state=word, why="Nothing could be played.",
        )
        for part in (TALKING, LEAVING, STYLE, SECRET)
    )  # fmt: skip
    high = "0" if word == "none" else "25"
    grade = Grade(found.student, state, each, *whole(25, "0", high), None if ours else Decimal(0), told=TOLD[state])
    return Graded(found, grade)


def everybody() -> tuple[Graded, ...]:
    return (wrong(), right(), *(not_played(state) for state in TOLD))


def hostile(text: str) -> Graded:
    """Everything that a student, a server or a file has a say in is this text."""
    verdicts = (
        VerdictRecord("fifo-order", "failed", text, text, evidence="proof"),
        VerdictRecord("drop-notice", "inconclusive", text, text, cause=text),
    )
    run = RunRecord(
        "talking", text, text, 7, 1.0, "failed", 1.0, verdicts, text=text, replay=text, picture=text, error=text
    )
    quiet = RunRecord("leaving", text, text, 8, 1.0, "error", error=text, ours=True)
    found = SubmissionRecord(
        Student("evil", text), "played", origin=text, told=text, submitted=DUE, server=text, profile=text,
        runs=(run, quiet), not_run=(("secret", "talking"),), output=text, version=text, machine=text, assignment=text,
        digest=text,
    )  # fmt: skip
    bad = replace(TALKING, title=text, why=text, comment=text, state="none", low=Decimal(0), high=Decimal(0))
    leaving = replace(LEAVING, title=text, state="infrastructure", low=Decimal(0))
    style = replace(STYLE, comment=text)
    grade = Grade(
        found.student, "played", (bad, leaving, style, SECRET), *whole(25, "8.5", "14.5"), Decimal("8.5"), told=text
    )
    return Graded(found, grade)


def hostile_unplayed(text: str) -> Graded:
    """The same of a submission that could not be built."""
    graded = not_played("not-built", "evil")
    student = Student("evil", text)
    record = replace(graded.record, student=student, told=text, output=text, origin=text, machine=text, version=text)
    parts = tuple(replace(part, title=text, why=text, comment=text) for part in graded.grade.parts)
    return Graded(record, replace(graded.grade, student=student, parts=parts, told=text))


def only_shown(graded: Graded, now: float = DUE - 60) -> Graded:
    """As the student may see it at this time."""
    return Graded(*for_student(ASSIGNMENT, graded.record, graded.grade, now))
