"""Causes of texts that arrive glued, in pieces, cut or in other letters: what a server takes for one message."""

from __future__ import annotations

from collections.abc import Mapping

from chatsim.checks.verdict import Verdict
from chatsim.diagnosis.evidence import Evidence
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.history import Entry, Message

__all__ = [
    "case_is_changed",
    "characters_are_counted",
    "cut_at_a_size",
    "half_a_character_arrived",
    "half_a_character_ended_the_session",
    "long_texts_are_lost",
    "one_read_is_one_message",
    "only_the_first_message",
    "rest_of_a_read_is_lost",
    "written_without_an_end",
    "wrong_alphabet",
]

# What people write into `recv(…)`: a cut there, or a little before, is theirs.
SIZES = (32, 64, 128, 200, 256, 500, 512, 1000, 1024, 1500, 2000, 2048, 3000, 4096, 5000, 8192, 10_000, 16_384, 65_536)
OVERHEAD = 40  # bytes of a message that are not its text: a command, a name, a header
RECORDED = 2000  # characters of a damaged text that a history holds
LEAST_LONG = 500  # bytes: shorter texts are lost for other reasons than their length
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
        "the rest for the next `recv`. If on this server a message need have no end, leave `framing` out of the profile."
    )
    if entry.detail.get("how") == "glued":
        others = [evidence.history.messages[int(other)] for other in entry.detail.get("with") or ()]
        if any(other.sender != message.sender for other in others) or not others:
            return None
        together = message.shared and all(other.shared for other in others)
        also_parts = _came_in_parts(evidence)
        cause = "one `recv` is taken for one message, but one `recv` may bring two"
        seen = "what was sent in one write came out as one message" if together else ""
        if also_parts:
            seen = f"{seen or 'two messages came out as one'}, and what was sent in pieces came out piece by piece"
        return Hint(
            f"{cause}, or only a part of one." if also_parts else f"{cause}.",
            advice,
            Sure.SURELY if together and _others_came_apart(evidence, message) else Sure.PROBABLY,
            ("framing", "intact"),
            seen=f"{seen}." if seen else "",
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


def _came_in_parts(evidence: Evidence) -> bool:
    """Did something that was sent in pieces come out in pieces?"""
    return any(
        entry.detail.get("how") in ("split", "truncated")
        and isinstance(entry.detail.get("message"), int)
        and "pieces" in _step_text(evidence, evidence.history.messages[entry.detail["message"]])
        for entry in evidence.of("damaged")
    )


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
        if entry.detail.get("how") == "truncated":
            cut_off = f"text[:{size or 1024}]"
            cause = (
                f"of a long message only the beginning is passed on: it is cut off (as by `{cut_off}`), or one {number} is "
                "taken for all of it."
            )
        else:
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
    if evidence.failed("intact") is None:
        return None
    for entry in evidence.of("damaged"):
        if not isinstance(entry.detail.get("message"), int):
            continue
        message = evidence.history.messages[int(entry.detail["message"])]
        cause = _alphabet(str(entry.detail.get("text", "")), message.text)
        if cause:
            return Hint(
                cause,
                'say `encode("utf-8")` and `decode("utf-8")` everywhere, and never `errors="ignore"` or another encoding.',
                Sure.SURELY,
                ("intact",),
                also=("delivery", "echo"),
            )
    return None


def _alphabet(got: str, said: str) -> str:
    """What was done to the letters of one text; empty if that cannot be told."""
    if said.isascii() or got.strip() in said:
        return ""  # what came of it came as it was said
    if said.encode("utf-8", "surrogatepass").decode("ascii", "ignore").strip() == got.strip():
        return "letters that are not ASCII are left out."
    if _looks_like(got, said.encode("ascii", "replace").decode("ascii")):
        return 'the text is made ASCII on its way, and every other letter becomes "?".'
    found = next((a for a in ALPHABETS if _looks_like(got, _read_as(said, a))), None)
    return f"the bytes are UTF-8, and the server reads them as {found}." if found is not None else ""


def half_a_character_arrived(evidence: Evidence) -> Hint | None:
    """U+FFFD at a place where the text has a letter of several bytes."""
    verdict, entry, message = _harm(evidence, "intact", "framing")
    if verdict is None or entry is None or message is None or message.text.isascii():
        return None
    got = str(entry.detail.get("text", ""))
    pieces = "pieces" in _step_text(evidence, message)
    if pieces and _only_what_follows_the_last_letter(got, message.text) and _others_came_whole(evidence):
        return Hint(
            "a character of several bytes came in two reads, and each half was decoded alone.",
            HALVES,
            Sure.PROBABLY,
            ("intact", "framing"),
            seen="of what was sent in pieces, only what stands after its last such character came undamaged.",
            also=("delivery", "echo"),
        )
    if "\ufffd" not in got or "\ufffd" in message.text:
        return None
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


def _others_came_whole(evidence: Evidence) -> bool:
    """Did texts with such letters come undamaged where they were not sent in pieces? And nothing came piece by piece."""
    views = evidence.views
    others = [
        m
        for m in views.sent
        if not evidence.history.messages[m].text.isascii() and not _in_pieces(evidence, m) and views.owed(m)
    ]
    return bool(others) and all(views.heard_at_all[m] for m in others) and not evidence.of("foreign")


def _only_what_follows_the_last_letter(got: str, said: str) -> bool:
    """Is it the end of what was said, from the last letter on that is not ASCII?"""
    last = max((at for at, letter in enumerate(said) if not letter.isascii()), default=-1)
    return last >= 0 and len(got.strip()) >= LEAST_TELLING and got.strip() == said[last + 1 :].strip()


def rest_of_a_read_is_lost(evidence: Evidence) -> Hint | None:
    """Of messages that were sent in one write, or in pieces, some never came; each that was sent alone and whole did."""
    if evidence.failed("delivery") is None or not evidence.views.terms.framed_sent:
        return None
    views = evidence.views
    judged = [m for m in views.sent if evidence.history.messages[m].kind == "chat" and views.owed(m)]
    lost = [m for m in judged if not views.heard_at_all[m]]
    alone = [m for m in judged if not _shared(evidence, m) and not _in_pieces(evidence, m)]
    torn = [m for m in lost if not _shared(evidence, m) and _in_pieces(evidence, m)]
    if (
        not lost
        or not alone
        or len(torn) == len(lost)
        or not all(_shared(evidence, m) or m in torn for m in lost)
        or not all(views.heard_at_all[m] for m in alone)
    ):
        return None
    some = any(_shared(evidence, m) and views.heard_at_all[m] for m in judged)
    cause = "one `recv` is taken for one message; if it brings several, the server understands none of them."
    if torn:
        cause = "one `recv` is taken for one message; if it brings several, or a part of one, it is not understood."
    elif some:
        cause = (
            "one `recv` may bring several messages, and the server takes the first of them and throws away the rest."
        )
    pieces = f", and {len(torn)} that were sent in pieces," if torn else ""
    return Hint(
        cause,
        "collect what `recv` brings in a buffer for each client, cut one whole message after the other out of it, and keep "
        "the rest for the next `recv`.",
        Sure.PROBABLY,
        ("delivery", "echo"),
        seen=f"{len(lost) - len(torn)} messages that were sent in one write with others{pieces} never came; each that was "
        f"sent alone{' and whole' if torn else ''} did.",
    )


def _in_pieces(evidence: Evidence, message: int) -> bool:
    return "pieces" in _step_text(evidence, evidence.history.messages[message])


def only_the_first_message(evidence: Evidence) -> Hint | None:
    """Of each client the first message came, and never another one."""
    if evidence.failed("delivery") is None or evidence.failed("keeps-clients", "stays-up", "no-crash-output"):
        return None
    views, more = evidence.views, 0
    for sender, spoken in views.spoken.items():
        said = [m for m in spoken if sender >= 0 and views.judged(m) and views.owed(m)]
        if not said:
            continue
        came = [bool(views.heard_at_all[m]) for m in said]
        if not came[0] or any(came[1:]):
            return None
        more += len(said) > 1
    if more < 2:
        return None
    return Hint(
        "the server reads one message from each client and then no more.",
        "read in a loop (`while True:`) until `recv` returns nothing.",
        Sure.PROBABLY,
        ("delivery",),
        seen=f"of each client the first message came, and nothing that it said after that ({more} said more).",
        also=("echo", "expectations"),
    )


def long_texts_are_lost(evidence: Evidence) -> Hint | None:
    """No text of a certain length and above came at all, and each shorter one did."""
    if evidence.failed("delivery") is None or evidence.failed("keeps-clients", "stays-up", "intact", "framing"):
        return None
    views = evidence.views
    judged = [m for m in views.sent if views.judged(m) and views.owed(m)]
    size = {m: len(evidence.history.messages[m].text.encode("utf-8", "surrogatepass")) for m in judged}
    lost = [size[m] for m in judged if not views.heard_at_all[m]]
    came = [size[m] for m in judged if views.heard_at_all[m]]
    if not lost or not came or min(lost) < LEAST_LONG or max(came) >= min(lost):
        return None
    return Hint(
        "a message that is longer than the server's buffer is thrown away.",
        "let the buffer grow until the message has ended. If the server is to take no longer messages, say in the profile "
        "how long they may be: `limits: {text: …}`.",
        Sure.PROBABLY,
        ("delivery",),
        seen=f"texts of {min(lost)} bytes and more never came, and all of up to {max(came)} bytes did.",
        also=("echo", "expectations"),
    )


def case_is_changed(evidence: Evidence) -> Hint | None:
    """The same letters, small instead of great or the other way round."""
    verdict, entry, message = _harm(evidence, "intact")
    if verdict is None or entry is None or message is None or entry.detail.get("how") != "case":
        return None
    got = str(entry.detail.get("text", ""))
    how = "lower" if got == got.lower() else "upper"
    return Hint(
        f"the server changes the case of what it passes on: `{how}()` is called on the whole message.",
        f"compare with a changed copy (`if text.{how}() == …`), and pass on the text as it came. If the case is to be "
        "changed, write `text: {case: lower}` in the profile.",
        Sure.SURELY,
        ("intact",),
        also=("expectations", "delivery"),
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
    return isinstance(framing, Mapping) and any(key in framing for key in ("digits", "length", "struct"))


def _read_as(said: str, alphabet: str) -> str:
    return said.encode("utf-8", "surrogatepass").decode(alphabet, "replace")


def _looks_like(got: str, would_be: str) -> bool:
    return len(would_be) > 3 and (would_be.strip() in got or (len(got.strip()) > 8 and got.strip() in would_be))
