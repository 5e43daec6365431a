"""A profile in words: how a client of that server comes, speaks, hears and goes, and what is held against the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from chatsim.profile.framing import Framing
from chatsim.profile.profile import Await, Dialogue, Either, PauseFor, Profile, SendThis, Voice
from chatsim.profile.templates import Template
from chatsim.profile.terms_of import terms_of
from chatsim.profile.translating import in_words
from chatsim.properties import PROMISES
from chatsim.report.printable import printable

__all__ = ["explain_profile"]

_FRAMINGS: Final = {
    "none": "nothing keeps messages apart: whatever one read brings",
    "newline": "a message is a line",
    "crlf": "a message is a line that ends in CRLF",
    "nul": "a message ends with a NUL character",
    "json": "a message is a JSON object, with nothing between two of them",
    "json-lines": "a message is a JSON object on a line of its own",
    "message": "messages come apart from each other by themselves",
}


def explain_profile(profile: Profile) -> list[str]:
    """As lines of any length; what belongs to a line before it is indented."""
    where = f" ({profile.file})" if profile.file else " (built in)"
    lines = [f"Profile {profile.name}{where}. {profile.about}".rstrip()]
    lines += _start(profile)
    lines.append(f"On the wire: {_wire(profile)}.")
    lines += ["", *_joining(profile), "", *_speaking(profile), "", *_hearing(profile), "", *_leaving(profile)]
    lines += ["", *_habits(profile)]
    return [printable(line) for line in lines]


def _start(profile: Profile) -> Iterator[str]:
    start = profile.start
    if start is None or start.command is None:
        return
    if profile.line.wire.sockets == "unix":
        port = "a free path for {socket}" if start.chooses_socket else f"the Unix socket {start.socket or ''}".rstrip()
        port += "" if start.chooses_socket or start.socket else " at which it is found to listen"
    else:
        port = "a free port for {port}" if start.chooses_port else f"port {start.port}" if start.port else ""
        port = port or "the port on which it is found to listen"
    stop = f'"{start.stop_line}" typed on its console' if start.stop == "stdin" else start.stop
    yield f"The server is started with {' '.join(start.command)}, at {port}, and told to end with {stop}."


def _wire(profile: Profile) -> str:
    line = profile.line
    if line.transport == "tcp":
        return _bytes(profile)
    called = line.wire.called
    if line.transport == "websocket":
        called += f" at {line.path}{', on TLS' if line.tls is not None else ''}"
    if line.tls is not None and not line.tls.verify:
        called += ", any certificate is believed"
    return f"{called}; {_bytes(profile)}"


def _bytes(profile: Profile) -> str:
    if profile.python is not None:
        return f"what {profile.python.reference} says"
    if profile.sent == profile.received:
        return f"{_framing(profile.sent)}; {profile.encoding}"
    return f"of what clients send, {_framing(profile.sent)}; of what they get, {_framing(profile.received)}; {profile.encoding}"


def _framing(framing: Framing) -> str:
    match framing.kind:
        case "separator":
            return f"a message ends with {framing.separator!r}"
        case "digits":
            return f"before each message stands its length, in {framing.digits} digits"
        case "length":
            end = f", and {framing.end!r} after it" if framing.end else ""
            return f"before each message stands its length, and {framing.separator!r}{end}"
        case "struct":
            return f"before each message stands its length, packed as {framing.format}"
        case "record":
            return f"a message is a record, packed as {framing.format}; {framing.separator!r} stands for the end of a field"
        case "python":
            return f"messages are kept apart by {framing.authored.reference if framing.authored else 'code'}"
    return _FRAMINGS[framing.kind]


# --- coming and going ---------------------------------------------------------------------------------------------


def _joining(profile: Profile) -> Iterator[str]:
    yield "To join, a client connects" + ("." if not profile.join else ", and")
    yield from _dialogue(profile.join)
    if profile.refuses:
        yield f"    If {_any(profile.refuses)} comes meanwhile, or the server closes, it is refused."
    yield {
        "chosen": "Its nickname is its own choice.",
        "assigned": "Its nickname is what the server calls it in the first {nick} that it waits for.",
        "none": "Nobody has a name on the wire.",
        "address": f"It is called by its address, {_any([profile.nick_template] if profile.nick_template else [])}.",
    }[profile.nick]
    rooms = profile.rooms
    if rooms is not None and rooms.default is not None:
        yield f"Then it enters the room {rooms.default}:"
        yield from _dialogue(rooms.enter)
    if profile.knock and terms_of(profile).others_hear:
        yield "Then somebody who is there speaks until it is heard by the newcomer: only then is it there."


def _dialogue(lines: Dialogue, indent: str = "") -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, Either):
            yield f"{indent}    {number}. {_line(line)}"
            continue
        yield f"{indent}    {number}. goes on as the server answers"
        for way in line.ways:
            yield f"{indent}       after {_any(way.templates)}" + ("" if way.then else ": nothing more")
            yield from _dialogue(way.then, indent + "       ")


def _line(line: SendThis | Await | PauseFor) -> str:
    if isinstance(line, SendThis):
        return f"sends {_any([line.template])}"
    if isinstance(line, PauseFor):
        return f"waits {line.low:g} s" if line.low == line.high else f"waits {line.low:g} to {line.high:g} s"
    awaited = [*([_any(line.templates)] if line.templates else []), *(["the server's close"] if line.closes else [])]
    return f"waits for {' or '.join(awaited)}"


def _leaving(profile: Profile) -> Iterator[str]:
    if profile.rename:
        yield "To take the name {new}, it"
        yield from _dialogue(profile.rename)
    if not profile.leave:
        yield "To leave, it closes the connection."
        return
    yield "To leave politely, it"
    yield from _dialogue(profile.leave)
    yield "    and closes the connection, if the server has not."


# --- speaking and hearing -----------------------------------------------------------------------------------------


def _speaking(profile: Profile) -> Iterator[str]:
    yield from _voice(profile.public, "To speak in public, it", "There is no public chat.")
    if profile.whisper.says is not None:
        yield from _voice(profile.whisper, "To whisper to {to}, it", "", "that one gets")
    rooms = profile.rooms
    if rooms is not None:
        if rooms.default is None or rooms.enter:
            yield "To enter {room}, it"
            yield from _dialogue(rooms.enter)
        if rooms.exit:
            yield "To go out of {room}, it"
            yield from _dialogue(rooms.exit)
        yield from _voice(rooms.voice, "To speak in a room, it", "Nobody speaks in rooms.")
        yield f"It can be in {'several rooms' if rooms.many else 'one room'} at once."
    if profile.roster is not None:
        ask, answer = profile.roster.ask, _any(profile.roster.answer)
        end = f", until {_any(profile.roster.end)}" if profile.roster.end else ""
        yield (
            f"Who is there is told unasked: {answer}."
            if ask is None
            else f"To ask who is there, it sends {_any([ask])} and gets {answer}{end}."
        )
    if profile.pace == "one-at-a-time":
        yield "A message goes out only when the last is proved read, or after 100 ms: else the server may merge the two."


def _voice(voice: Voice, begin: str, none: str, others: str = "the others get") -> Iterator[str]:
    if voice.says is None:
        if none:
            yield none
        return
    heard = f"{others} {_any(voice.hears)}" if voice.hears else "no other client gets anything"
    echo = "the sender gets nothing" if not voice.echo else "the sender gets the same"
    if voice.echo and voice.echo != voice.hears:
        echo = f"the sender gets {_any(voice.echo)}"
    receipt = f", and {_any(voice.ack)} as a receipt" if voice.ack else ""
    if voice.before:
        yield begin
        yield from _dialogue((*voice.before, SendThis(voice.says)))
        yield f"    Then {heard}; {echo}{receipt}."
        return
    yield f"{begin} sends {_any([voice.says])}; {heard}; {echo}{receipt}."


def _hearing(profile: Profile) -> Iterator[str]:
    notices = (
        ("joins", profile.joined),
        ("leaves", profile.left),
        ("is cut off", profile.dropped),
        ("takes another name", profile.renamed),
    )
    rooms = profile.rooms
    inside = (("enters a room", rooms.joined), ("goes out of one", rooms.left)) if rooms is not None else ()
    told = [f"who {what}: {_any(templates)}" for what, templates in (*notices, *inside) if templates]
    yield f"The others are told {'; '.join(told)}." if told else "Nobody is told who comes or goes."
    for rule in profile.whenever:
        yield f"Whenever {_any(rule.awaited)} comes, {_any([rule.send])} is answered."
    if profile.operator is not None:
        whom = "the oldest unanswered client gets" if profile.operator.to == "waiting" else "all clients get"
        yield f"What is typed on the server's console, {whom} as {_any(profile.operator.hears)}."
    output = (
        ("who joins", profile.output_joined),
        ("who leaves", profile.output_left),
        ("what is said", profile.output_said),
    )
    told = [f"{what}: {_any(templates)}" for what, templates in output if templates]
    if told:
        yield f"The server's console shows {'; '.join(told)}."
    off = ["colours"] * profile.strip_ansi + ([_any(profile.strip)] if profile.strip else [])
    if off:
        yield f"Taken off the front of what arrives: {', '.join(off)}."
    if profile.ignore:
        yield f"Without meaning: {_any(profile.ignore)}."
    if profile.replays:
        yield "A newcomer is sent earlier messages."


# --- what it is held to -------------------------------------------------------------------------------------------


def _habits(profile: Profile) -> Iterator[str]:
    limits = profile.limits
    told = [
        f"nicknames of {limits.nick} characters" if limits.nick is not None else "",
        f"messages of {limits.text:,} bytes" if limits.text is not None else "",
        f"{limits.rate:g} messages a second of one client" if limits.rate is not None else "",
        f"{limits.clients} clients at once" if limits.clients is not None and limits.exactly is None else "",
        f"silence of {limits.silence:g} s" if limits.silence is not None else "",
    ]
    yield f"At most: {', '.join(filter(None, told))}." if any(told) else "There are no limits."
    if limits.exactly is not None:
        yield f"It serves exactly {limits.exactly} clients together: nobody is in before all are."
    terms = terms_of(profile)
    usual = terms_of(Profile(profile.name))
    more = [name for name in PROMISES if terms.promised(name) and not usual.promised(name)]
    less = [name for name in PROMISES if not terms.promised(name) and usual.promised(name)]
    if more:
        yield f"Promised beyond the usual: {', '.join(more)}."
    if less:
        yield f"Not promised, and not held against it: {', '.join(less)}."


def _any(templates: Iterable[Template]) -> str:
    return " or ".join(in_words(template, lambda source: f'"{source}"') for template in templates) or "nothing"
