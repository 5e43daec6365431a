"""A student's page as Markdown: for a repository, an issue, a comment in a learning system, or a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.gradebook.feedback import Feedback, PartTold, Seen, Tried, Trouble, feedback
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.markdown import block, code, paragraph, words
from chatsim.gradebook.wording import BUILT, SPOKEN, STARTED, blocks
from chatsim.grading.assignment import Assignment

__all__ = ["how_markdown", "part_markdown", "student_markdown", "trouble_markdown"]


def student_markdown(assignment: Assignment, graded: Graded) -> str:
    """The text of one student, with a line end. `graded` has been cut to what the student may see; or it is whole, and the text
    says that it is for teachers. There are no pictures in it: the page has them."""
    return "\n\n".join(_paragraphs(feedback(assignment, graded))).replace("##[", "##&#91;") + "\n"


def part_markdown(part: PartTold) -> str:
    """What was tried for one part, without its head."""
    return "\n\n".join(_told(part))


def how_markdown(told: Feedback) -> str:
    """How it was graded, a line each. What is typed in a shell can be copied from there."""
    return "\n".join(f"- {words(what)}: {(code if what in (BUILT, STARTED) else words)(was)}" for what, was in told.how)


def trouble_markdown(trouble: Trouble) -> str:
    """Why nothing was played, without a head."""
    return "\n\n".join(_trouble(trouble))


def _paragraphs(told: Feedback) -> Iterator[str]:
    yield f"# {words(told.title)}: {words(told.name)}"
    if told.teachers:
        yield "**For teachers: hidden parts are told here.**"
    yield f"**{words(told.score)}**"
    for sentence in told.sentences:
        yield paragraph(sentence)
    if told.trouble is not None:
        yield f"## {words(told.trouble.head)}"
        yield from _trouble(told.trouble)
    if told.parts:
        rows = [f"| {words(part.title)} | {words(part.points)} | {words(part.word)} |" for part in told.parts]
        yield "\n".join(("| Part | Points | State |", "| --- | --- | --- |", *rows))
    for part in told.parts:
        if part.tried or part.why or part.comment:
            yield f"## {words(part.title)}: {words(part.points)}"
            yield from _told(part)
    if told.how:
        yield "## How this was graded"
        yield how_markdown(told)
    if told.spoken:
        yield SPOKEN
        yield block(told.spoken)


def _trouble(trouble: Trouble) -> Iterator[str]:
    yield from _blocks(trouble.told)
    if trouble.advice:
        yield paragraph(trouble.advice)
    if trouble.output:
        yield f"{trouble.heard}:"
        yield block(trouble.output)


def _told(part: PartTold) -> Iterator[str]:
    if part.why:
        yield paragraph(part.why)
    if part.counted:
        yield f"What counts here: {words(', '.join(part.counted))}."
    if part.comment:
        yield "\n>\n".join(f"> {paragraph(line)}" for line in part.comment)
    for one in part.tried:
        yield from _tried(one)


def _tried(one: Tried) -> Iterator[str]:
    yield f"### {one.word}: {words(one.claim)}"
    if one.counts:
        which = f" This is run {one.number}, seed {one.run.seed}:" if one.word != "passed" else ""
        yield f"{paragraph(one.counts)}.{which}"
    if one.said:
        yield paragraph(one.said)
    yield from _blocks(one.error)
    for seen in one.seen:
        yield "\n\n".join(_seen(seen))
    if one.also:
        yield "Seen, too; it costs nothing in this part:"
        yield "\n".join(f"- {paragraph(line)}" for line in one.also)
    if one.note:
        yield paragraph(one.note)
    if one.replay:
        yield f"{one.home}: {code(one.replay)}"
    if one.text:
        yield "All that was seen in this run:"
        yield block(one.text)
    if one.others:
        yield "The other runs that did not pass:"
        yield "\n".join(f"- {paragraph(line)}" for line in one.others)


def _blocks(lines: tuple[str, ...]) -> Iterator[str]:
    for printed, together in blocks(lines):
        yield block(together) if printed else paragraph(together[0])


def _seen(seen: Seen) -> Iterator[str]:
    yield f"**{words(seen.name)}**: {seen.word}"
    if seen.summary:
        yield paragraph(seen.summary)
    if seen.because:
        yield paragraph(seen.because)
    if seen.hint:
        yield "\n>\n".join(f"> {paragraph(line)}" for line in seen.hint)
    if seen.violated:
        yield f"Fails when {words(seen.violated)}."
