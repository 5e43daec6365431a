"""The front door of the command line: the table of verbs, and what all verbs share (help, exit codes, last resort).

A verb is one file of this folder with one function of the same name; it is imported when it is called, not before, so
that `chatsim --help` costs hardly more than an empty Typer program. Inside, a verb imports what is heavy in the
function's body, for the same reason: completing a word in the shell imports the verb's file, too.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from chatsim.cli.exit_codes import FAULT, INTERRUPTED, table
from chatsim.cli.plain_values import use_plain_values
from chatsim.errors import ChatsimError

__all__ = ["VERBS", "app", "entry"]

VERBS = {
    "run": "Play scenarios against a chat server and judge what happened.",
    "validate": "Check scenarios, profiles and assignments without running anything.",
    "explain": "Tell in words what a scenario will do.",
    "detect": "Work out how a server is spoken to, and write a profile.",
    "check": "Judge recorded histories again.",
    "report": "Show what happened in recorded histories.",
    "serve": "Start the reference server.",
    "faults": "List the faults that it can be started with.",
    "talk": "Chat with a server by hand, in any profile.",
    "grade": "Grade a class: play with every student's server, safely and side by side.",
    "merge": "Put the parts of a class together that were graded apart.",
    "export": "Write grades for a learning system.",
    "autograder": "Write an autograder for Gradescope, in one zip.",
    "record": "Write a live session as a scenario and a history.",
    "properties": "List what chatsim can prove.",
    "steps": "List what a scenario can say.",
    "profiles": "List the built-in profiles, or show one.",
    "doctor": "Tell what this machine offers, and how servers can be confined.",
    "selftest": "Show that chatsim catches servers that are wrong, and no others.",
}

EXIT_CODES_HELP = "\b\nExit codes:\n" + table()

SAME_INTERRUPT = 1.0  # seconds within which a second Ctrl-C is the first one, pressed in impatience

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


class _Verb(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        parameters = self.get_params(ctx)
        use_plain_values(parameters)
        if not ctx.resilient_parsing:  # not while a word is being completed
            from chatsim.cli.settings import settings

            ctx.default_map = settings(self.name or "", args, [str(each.name) for each in parameters])
        return super().parse_args(ctx, args)


class _Verbs(TyperGroup):
    """A group whose commands are the table above; a command is made from its file when somebody wants it."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        nothing: Any = None
        self.commands = dict.fromkeys(VERBS, nothing)  # the names alone: "did you mean" looks for them here

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        use_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _command(cmd_name) if cmd_name in VERBS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _command(verb: str) -> Any:
    module = import_module(f"chatsim.cli.{verb}")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    settings = {"context_settings": HELP_OPTIONS, "epilog": EXIT_CODES_HELP, **getattr(module, "SETTINGS", {})}
    alone.command(verb, cls=_Verb, **settings)(getattr(module, verb))
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Verbs,
    name="chatsim",
    context_settings=HELP_OPTIONS,
    no_args_is_help=True,
    # Plain help: loading rich would double the time of `--help`, and a pipe shows it as a terminal does.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=EXIT_CODES_HELP,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from chatsim._version import __version__

        print(f"chatsim {__version__}")
        raise typer.Exit


@app.callback()
def chatsim(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Scripted bots against any chat server, judged from what every bot heard.

    Start with: chatsim run SCENARIO.yaml
    """


def entry() -> None:
    """The whole of a call. Ends the process; never with a traceback, unless CHATSIM_DEBUG is set."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by the caller, as `>&-` does
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = INTERRUPTED
    try:
        _end_in_good_order()
        code = _guarded()
        _ignore_what_comes_too_late()
    except KeyboardInterrupt:  # between two of these lines: at the very beginning, or when all was done
        pass
    if code == INTERRUPTED:
        # An interrupt that struck while Python executed a text (a dataclass is made so) is remembered as unhandled,
        # though we have handled it, and Python would end itself by SIGINT in place of our exit code.
        _flush()
        os._exit(code)
    sys.exit(code)


def _ignore_what_comes_too_late() -> None:
    """The exit code is decided and everything is written: a signal now would only make it look broken off."""
    import signal

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_IGN)


def _end_in_good_order() -> None:
    """To be told to end, or to lose the terminal, is what Ctrl-C is: the end of the work, not of the report.

    One that follows at once means the same ending, which is under way, and must not break it off; a later one is
    meant anew. What is ignored (`nohup`, a shell's `&`) stays ignored.
    """
    import signal
    from time import monotonic

    last = float("-inf")

    def interrupt(*_: object) -> None:
        nonlocal last
        now = monotonic()
        if now - last >= SAME_INTERRUPT:
            last = now
            raise KeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, interrupt)


def _guarded() -> int:
    code = FAULT
    try:
        app(prog_name="chatsim")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else FAULT
    except KeyboardInterrupt:
        code = INTERRUPTED
        _leave_the_rest_unsaid()  # perhaps it was the telling that could not go on
    except ChatsimError as error:
        _complain(str(error))
        code = error.exit_code
    except BrokenPipeError:
        code = FAULT
    except Exception as problem:
        if os.environ.get("CHATSIM_DEBUG"):
            raise
        _complain(_last_words(problem))
    finally:
        _flush()
    return code


def _complain(text: str) -> None:
    from chatsim.cli.terminal import complain

    complain(text)


def _last_words(problem: Exception) -> str:
    said = " ".join(str(problem).split()) or "no more is known"
    return (
        f"chatsim itself failed: {type(problem).__name__}: {said}\n"
        "This is a fault of chatsim, not of your server. CHATSIM_DEBUG=1 shows where it happened."
    )


def _flush() -> None:
    """Write out what is left; a reader who has gone (`| head`) is no error, now or when Python ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _leave_the_rest_unsaid()


def _leave_the_rest_unsaid() -> None:
    from chatsim.cli.terminal import silence

    if sys.stdout is not None:
        silence(sys.stdout)
