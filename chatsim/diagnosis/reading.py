"""Causes of texts that arrive glued, in pieces, cut or in other letters: what a server takes for one message."""

from __future__ import annotations

from collections.abc import Mapping

from chatsim.checks.verdict import Verdict
from chatsim.diagnosis.evidence import Evidence
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.history import Entry, Message

__all__ = [
    "characters_are_counted",
    "cut_at_a_size",
    "half_a_character_arrived",
    "half_a_character_ended_the_session",
    "one_read_is_one_message",
    "rest_of_a_read_is_lost",
    "written_without_an_end",
    "wrong_alphabet",
]

# What people write into `recv(…)`: a cut there, or a little before, is theirs.
SIZES = (32, 64, 128, 200, 256, 500, 512, 1000, 1024, 1500, 2000, 2048, 3000, 4096, 5000, 8192, 10_000, 16_384, 65_536)
OVERHEAD = 40  # bytes of a message that are not its text: a command, a name, a header
RECORDED = 2000  # characters of a damaged text that a history holds
LEAST_TELLING = 12  # bytes that a text must have in common with its copy before they are called its beginning

HALVES = (
    "collect the bytes, cut them where a message ends, and decode only whole messages "
    '(or keep one `codecs.getincrementaldecoder("utf-8")()` for each client).'
)
READ_ON = "call `recv` again and again until as many bytes have come as the header says (`while len(data) < n`)."
ALPHABETS = ("latin-1", "cp1252", "cp437", "cp850", "koi8-r", "mac-roman")


def one_read_is_one_message(evidence: Evidence) -> Hint | None:
    """Two messages in one write came out as one, or one in several writes came out as several."""
    verdict, entry, message = _harm(evidence, "framing", "intact")
    if verdict is None or entry is None or message is None or not evidence.views.terms.framed_sent:
        return None
    advice = (
        "collect what `recv` brings in a buffer for each client, cut whole messages out of it at their end, and keep "
        "the rest for the next `recv`."
    )
    if entry.detail.get("how") == "glued":
        others = [evidence.history.messages[int(other)] for other in entry.detail.get("with") or ()]
        if any(other.sender != message.sender for other in others) or not others:
            return None
        together = message.shared and all(other.shared for other in others)
        return Hint(
            "one `recv` is taken for one message, but one `recv` may bring two.",
            advice,
            Sure.SURELY if together and _others_came_apart(evidence, message) else Sure.PROBABLY,
            ("framing", "intact"),
            seen="what was sent in one write came out as one message." if together else "",
            also=("delivery", "echo", "survives-malformed", "no-creation", "attribution"),
        )
    step = _step_text(evidence, message)
    if "pieces" in step and entry.detail.get("how") in ("split", "truncated", "garbled"):
        return Hint(
            "one `recv` is taken for one message, but one `recv` may bring only a part of it.",
            advice,
            Sure.PROBABLY,
            ("framing", "intact"),
            seen="the message was sent in pieces, a moment apart, and its pieces came out one by one.",
            also=("delivery", "echo", "no-creation", "attribution"),
        )
    return None


def _others_came_apart(evidence: Evidence, glued: Message) -> bool:
    """Did messages that were sent one by one come one by one? Then it is not the writing that lacks the ends."""
    return any(
        evidence.views.heard_at_all[m] and not evidence.history.messages[m].shared
        for m in evidence.views.sent
        if evidence.history.messages[m].kind in ("chat", "knock", "fence") and m != glued.id
    )


def written_without_an_end(evidence: Evidence) -> Hint | None:
    """Messages of different people under one boundary: no reading can have glued those."""
    verdict, entry, message = _harm(evidence, "framing")
    if verdict is None or entry is None or message is None or entry.detail.get("how") != "glued":
        return None
    others = [evidence.history.messages[int(other)] for other in entry.detail.get("with") or ()]
    if not others or all(other.sender == message.sender for other in others):
        return None
    if not evidence.views.terms.framed_received:
        return None
    return Hint(
        "the server writes a message without what ends it, or two threads write to one client at once.",
        "end every message that you send in the same way (such as by a newline), in one `sendall` under one lock.",
        Sure.PROBABLY,
        ("framing",),
        seen="messages of different people came as one.",
    )


def cut_at_a_size(evidence: Evidence) -> Hint | None:
    """A long text that ends, or is broken, where a read ends."""
    verdict, entry, message = _harm(evidence, "intact", "framing")
    if verdict is None or entry is None or message is None or not message.text.isascii():
        return None
    if entry.detail.get("how") not in ("truncated", "split", "garbled") or "pieces" in _step_text(evidence, message):
        return None
    whole = len(message.text.encode("utf-8", "surrogatepass"))
    got = str(entry.detail.get("text", ""))
    if entry.detail.get("how") == "split":
        got = got.split(" … ")[0]
    cut = _cut_after(message.text, got)
    if cut is None or cut >= whole:
        return None
    counted = cut < RECORDED  # of a longer text the history does not hold all that came
    size = _size_of_a_read(cut) if counted else None
    seen = f"of {whole} bytes the first {cut} came in one piece." if counted else f"of {whole} bytes not all came."
    if _has_headers(evidence):
        cause = "`recv(n)` is taken to bring n bytes; it brings at most n, and of a long message less."
        advice = READ_ON
    else:
        number = f"`recv({size})`" if size is not None else "`recv`"
        cause = f"a message is longer than what one {number} brings, and that is taken for a whole message."
        advice = (
            "read on until the message has ended, and only then pass it on. If the server is to take no longer messages, "
            "write `limits: {text: …}` in the profile."
        )
    return Hint(
        cause,
        advice,
        Sure.PROBABLY if size is not None or _has_headers(evidence) else Sure.PERHAPS,
        ("intact", "framing"),
        seen=seen,
        also=("delivery", "echo", "no-creation"),
    )


def characters_are_counted(evidence: Evidence) -> Hint | None:
    """As many bytes came as the text has characters."""
    verdict, entry, message = _harm(evidence, "intact")
    if verdict is None or entry is None or message is None or message.text.isascii():
        return None
    got = str(entry.detail.get("text", ""))
    if entry.detail.get("how") not in ("truncated", "garbled") or not _breaks_off(message.text, got):
        return None
    arrived, whole = len(got.rstrip("\ufffd").encode()), len(message.text)
    if not 0 <= whole - arrived <= 3:  # half a character at the cut is not shown
        return None
    return Hint(
        "where the length of a text is told, or a text is cut, its characters are counted instead of its bytes.",
        "encode first, then count: `data = text.encode()`, `len(data)`.",
        Sure.SURELY,
        ("intact", "framing", "attribution"),
        seen=f"the text has {whole} characters, and {arrived} bytes of it came.",
        also=("delivery", "echo"),
    )


def wrong_alphabet(evidence: Evidence) -> Hint | None:
    """What came is exactly what another encoding makes of the text."""
    verdict, entry, message = _harm(evidence, "intact")
    if verdict is None or entry is None or message is None or message.text.isascii():
        return None
    got, said = str(entry.detail.get("text", "")), message.text
    if said.encode("utf-8", "surrogatepass").decode("ascii", "ignore").strip() == got.strip() and got.strip():
        cause = "letters that are not ASCII are left out."
    elif _looks_like(got, said.encode("ascii", "replace").decode("ascii")):
        cause = 'the text is made ASCII on its way, and every other letter becomes "?".'
    else:
        found = next((a for a in ALPHABETS if _looks_like(got, _read_as(said, a))), None)
        if found is None:
            return None
        cause = f"the bytes are UTF-8, and the server reads them as {found}."
    return Hint(
        cause,
        'say `encode("utf-8")` and `decode("utf-8")` everywhere, and never `errors="ignore"` or another encoding.',
        Sure.SURELY,
        ("intact",),
        also=("delivery", "echo"),
    )


def half_a_character_arrived(evidence: Evidence) -> Hint | None:
    """U+FFFD at a place where the text has a letter of several bytes."""
    verdict, entry, message = _harm(evidence, "intact", "framing")
    if verdict is None or entry is None or message is None or message.text.isascii():
        return None
    got = str(entry.detail.get("text", ""))
    if "\ufffd" not in got or "\ufffd" in message.text:
        return None
    pieces = "pieces" in _step_text(evidence, message)
    if not pieces and _breaks_off(message.text, got):
        return None  # the other half of the letter did not come at all: it was cut there, not torn
    few = got.count("\ufffd") <= 4  # one cut tears one character: three bytes of it at most, and one that is left
    if not few and not pieces:
        return None
    return Hint(
        "a character of several bytes came in two reads, and each half was decoded alone.",
        HALVES,
        Sure.SURELY if pieces else Sure.PROBABLY,
        ("intact", "framing"),
        seen="the sign for an undecodable byte (U+FFFD) stands where a letter was.",
        also=("delivery", "echo"),
    )


def rest_of_a_read_is_lost(evidence: Evidence) -> Hint | None:
    """Of messages that were sent in one write some never came, and of those that were sent alone each did."""
    if evidence.failed("delivery") is None or not evidence.views.terms.framed_sent:
        return None
    views = evidence.views
    judged = [m for m in views.sent if evidence.history.messages[m].kind == "chat" and views.owed(m)]
    lost = [m for m in judged if not views.heard_at_all[m]]
    alone = [m for m in judged if not evidence.history.messages[m].shared]
    if (
        not lost
        or not alone
        or not all(_shared(evidence, m) for m in lost)
        or not all(views.heard_at_all[m] for m in alone)
    ):
        return None
    some = any(_shared(evidence, m) and views.heard_at_all[m] for m in judged)
    return Hint(
        "one `recv` may bring several messages, and the server takes the first of them and throws away the rest."
        if some
        else "one `recv` is taken for one message; if it brings several, the server understands none of them.",
        "collect what `recv` brings in a buffer for each client, cut one whole message after the other out of it, and keep "
        "the rest for the next `recv`.",
        Sure.PROBABLY,
        ("delivery", "echo"),
        seen=f"{len(lost)} messages that were sent in one write with others never came; each that was sent alone did.",
    )


def _shared(evidence: Evidence, message: int) -> bool:
    return evidence.history.messages[message].shared


def half_a_character_ended_the_session(evidence: Evidence) -> Hint | None:
    """Who was thrown out had just said something in pieces, in letters of several bytes."""
    verdict = evidence.failed("keeps-clients")
    for index in verdict.witness if verdict is not None else ():
        entry = evidence.history[index]
        spoken = [m for m in evidence.views.spoken.get(entry.session, ()) if evidence.views.send[m] < index]
        last = evidence.history.messages[spoken[-1]] if spoken else None
        if entry.kind != "closed" or last is None or last.text.isascii() or evidence.traces:
            continue
        if "pieces" in _step_text(evidence, last):
            closed = f"{evidence.lives.who(entry.session)} was closed while it said something in pieces"
            if _has_headers(
                evidence
            ):  # then half a character is decoded only where half a message is taken for a whole
                return Hint(
                    "`recv(n)` is taken to bring n bytes; it brings at most n, and less of a message that comes in pieces.",
                    READ_ON,
                    Sure.PROBABLY,
                    ("keeps-clients", "delivery"),
                    seen=f"{closed}.",
                    also=("echo", "no-crash-output"),
                )
            return Hint(
                "a character of several bytes came in two reads. Its first half cannot be decoded alone, and the exception "
                "ends the session.",
                HALVES,
                Sure.PROBABLY,
                ("keeps-clients", "delivery"),
                seen=f"{closed} that is not ASCII.",
                also=("echo", "no-crash-output"),
            )
    return None


# --- what they look at ------------------------------------------------------------------------------------------------


def _harm(evidence: Evidence, *names: str) -> tuple[Verdict | None, Entry | None, Message | None]:
    """The first of these that failed, what had been damaged, and the message it was."""
    for name in names:
        verdict = evidence.failed(name)
        for index in verdict.witness if verdict is not None else ():
            entry = evidence.history[index]
            if entry.kind == "damaged" and isinstance(entry.detail.get("message"), int):
                return verdict, entry, evidence.history.messages[int(entry.detail["message"])]
    return None, None, None


def _step_text(evidence: Evidence, message: Message) -> str:
    """The words of the scenario's step by which it was said."""
    for entry in evidence.of("step"):
        if entry.detail.get("number") == message.step and entry.detail.get("phase") == "begin":
            return str(entry.detail.get("text") or "")
    return ""


def _cut_after(said: str, got: str) -> int | None:
    """How many bytes of its beginning came in one piece; None if it does not begin there at all."""
    at = got.find(said[:LEAST_TELLING])
    if at < 0:
        return None
    same = 0
    for one, other in zip(said, got[at:], strict=False):
        if one != other:
            break
        same += 1
    return same if same >= LEAST_TELLING else None


def _breaks_off(said: str, got: str) -> bool:
    """Is it a beginning of the text, and at most half a letter after that?"""
    return said.startswith(got.rstrip("\ufffd"))


def _size_of_a_read(cut: int) -> int | None:
    """What was probably written into `recv(…)`, if a text was cut after so many bytes; None if that cannot be told."""
    if cut in SIZES:
        return cut
    return next((size for size in SIZES if size >= 500 and 0 < size - cut <= OVERHEAD), None)


def _has_headers(evidence: Evidence) -> bool:
    """Does each message begin with its length?"""
    framing = evidence.history.header.profile_source.get("framing")
    return isinstance(framing, Mapping) and any(key in framing for key in ("digits", "struct"))


def _read_as(said: str, alphabet: str) -> str:
    return said.encode("utf-8", "surrogatepass").decode(alphabet, "replace")


def _looks_like(got: str, would_be: str) -> bool:
    return len(would_be) > 3 and (would_be.strip() in got or (len(got.strip()) > 8 and got.strip() in would_be))
