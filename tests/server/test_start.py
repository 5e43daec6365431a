"""Starting a server: ready when its own socket listens; otherwise an error that says what happened instead."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from chatsim.errors import ServerError
from chatsim.network.network import Connect, Opened, OpenFailed, Received, Send, Type
from chatsim.profile.templates import Template
from chatsim.server import life
from chatsim.world import World

from .conftest import PYTHON, Yard, left_of, lines, printed, stages, until


def port_to_ourselves() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_it_serves(world: World) -> list[str]:
    """What it has printed up to the line with which every server here begins to serve."""
    return lines(until(world, printed("listening")))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the usual time to start in: for servers that never will."""
    monkeypatch.setattr(life, "START_PATIENCE", 1.0)
    monkeypatch.setattr(life, "ELSEWHERE", 0.1)


def refusal(yard: Yard, given: str | None, /, **start: object) -> str:
    world = yard.world(given, **start)
    with pytest.raises(ServerError) as caught:
        world.start()
    assert caught.value.exit_code == 4
    assert left_of(yard.folder) == []
    return str(caught.value)


# --- servers that start


def test_a_server_that_lets_us_choose_is_given_a_free_port_and_spoken_to_there(yard: Yard) -> None:
    world = yard.running(yard.script("serve(sys.argv[1])") + " {port}")
    world.do(Connect(0))
    world.do(Send(0, b"hello"))
    events = until(world, lambda events: any(isinstance(event, Received) for event in events))

    assert stages(events) == ["started", "listening"]
    assert events[-1].data == b"hello"  # type: ignore[union-attr]
    assert world.address is not None and f"server.py {world.address[1]}" in world.describe()


def test_a_port_that_nobody_told_us_is_found(yard: Yard) -> None:
    port = port_to_ourselves()
    world = yard.running(yard.script(f"serve({port})"))

    assert world.address == ("127.0.0.1", port)


def test_a_fixed_port_is_waited_for_though_the_server_opens_another_one_before(yard: Yard) -> None:
    port = port_to_ourselves()
    other = "first = socket.create_server(('127.0.0.1', 0)); time.sleep(0.1)\n"
    world = yard.running(yard.script(f"{other}serve({port})"), port=port)

    assert world.address == ("127.0.0.1", port)


@pytest.mark.parametrize(
    ("where", "host"),
    [("0.0.0.0", "127.0.0.1"), ("127.0.0.3", "127.0.0.3"), ("::1", "::1"), ("::", "127.0.0.1")],
)
def test_wherever_it_listens_there_is_an_address_that_reaches_it(yard: Yard, where: str, host: str) -> None:
    family = "socket.AF_INET6" if ":" in where else "socket.AF_INET"
    opening = f"listener = socket.socket({family}); listener.bind(({where!r}, 0)); listener.listen(); input()"
    world = yard.running(yard.script(opening))
    world.do(Connect(0))
    events = until(world, lambda events: any(isinstance(event, (Opened, OpenFailed)) for event in events))

    assert world.address is not None and world.address[0] == host
    assert isinstance(events[-1], Opened)


def test_a_child_that_holds_the_port_is_the_server_as_well(yard: Yard) -> None:
    world = yard.running(yard.script("os.fork() or serve(0)\nos.wait()"))

    assert world.address is not None


def test_a_server_behind_a_shell_is_found(yard: Yard) -> None:
    world = yard.running(["/bin/sh", "-c", yard.script("serve(0)") + "; echo over"])  # type: ignore[arg-type]

    assert world.address is not None


def test_a_daemon_is_found_though_it_has_left_its_parent_and_its_session(yard: Yard) -> None:
    daemon = "os.fork() and os._exit(0)\nos.setsid()\nos.fork() and os._exit(0)\ntime.sleep(0.1)\nserve(0)"
    world = yard.running(yard.script(daemon))
    events = until(world, lambda events: False, patience=0.2)

    assert world.address is not None
    assert "exited" not in stages(events)


def test_ready_may_be_a_line_of_its_output(yard: Yard) -> None:
    slow = "listener.bind(('127.0.0.1', 0)); listener.listen(); time.sleep(0.2); print('doors open at', 8); input()"
    world = yard.running(yard.script(slow), ready=Template("doors open at {*}"))

    assert world.last_output(1) == ["doors open at 8"]


def test_a_shared_interrupt_that_we_ignore_reaches_the_server_nevertheless(yard: Yard) -> None:
    """As after `sh -c 'chatsim … &'`, where the shell ignores SIGINT for what it starts."""
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        world = yard.running(yard.script("print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)\nserve(0)"))
        ignored = signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, ours)

    assert until_it_serves(world)[0] == "False"
    assert ignored == signal.SIG_IGN


def test_its_input_stays_open_and_takes_what_is_typed(yard: Yard) -> None:
    world = yard.running(yard.script("port = input(); print('got', input())\nserve(port)"), stdin="{port}\nname")
    until(world, printed("got name"))
    typing = yard.running(yard.script("threading.Thread(target=serve, args=[0]).start()\nprint(input()[::-1])", "b.py"))
    typing.do(Type("olleh"))

    assert "hello" in lines(until(typing, printed("hello")))


def test_the_environment_and_files_are_as_the_profile_says_and_its_folder_is_untouched(yard: Yard) -> None:
    command = yard.script("print(os.getcwd(), os.environ['GREETING'])\nserve(open('conf/port.txt').read())")
    yard.folder.joinpath("rooms.txt").write_text("lobby")
    world = yard.running(
        None, command=tuple(command.split()), env={"GREETING": "hi"}, files={"conf/port.txt": "{port}"}
    )
    folder, greeting = until_it_serves(world)[0].split()
    copied = Path(folder, "rooms.txt").read_text()
    world.close()

    assert (copied, greeting) == ("lobby", "hi")
    assert not yard.folder.joinpath("conf").exists()
    assert not Path(folder).exists()


def test_a_build_runs_first_in_the_copy(yard: Yard) -> None:
    command = yard.script("print(open('built').read().strip())\nserve(0)")
    world = yard.running(None, command=tuple(command.split()), build="echo yes > built")

    assert until_it_serves(world)[0] == "yes"
    assert not yard.folder.joinpath("built").exists()


def test_what_a_project_has_installed_for_itself_is_lent_to_the_copy(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsim.server.launch.MOST_FILES", 2)
    packages = yard.folder / ".venv" / "lib"
    packages.mkdir(parents=True)
    for number in range(5):
        (packages / f"{number}.py").write_text("")
    command = yard.script("print(len(os.listdir('.venv/lib')))\nserve(0)")

    world = yard.running(None, command=tuple(command.split()), files={"a": "b"})

    assert until_it_serves(world)[0] == "5"
    world.close()
    assert len(list(packages.iterdir())) == 5  # to remove the copy is not to remove what was lent


def test_what_python_prints_is_seen_when_it_is_printed(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its output is a pipe, and though it says nothing about flushing; and in UTF-8."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    command = yard.script("print('Подключён'); listener.listen(); time.sleep(600)").replace("-I", "-s")
    world = yard.running(command, env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"})

    assert lines(until(world, printed("Подключён"), patience=5)) == ["Подключён"]


def test_in_a_terminal_a_program_sees_a_terminal(yard: Yard) -> None:
    program = (
        "print(sys.stdout.isatty(), os.path.exists('/dev/tty') and bool(open('/dev/tty')))\nprint(input())\nserve(0)"
    )
    world = yard.running(yard.script(program), terminal=True, stdin="typed")

    assert until_it_serves(world) == ["True True", "typed", "listening"]


# --- servers that do not


def test_a_command_that_is_not_there(yard: Yard) -> None:
    assert 'there is no program "no-such-program"' in refusal(yard, "no-such-program {port}")


def test_a_folder_that_is_not_there(yard: Yard) -> None:
    assert "the server's folder is not there" in refusal(yard, None, command=("true",), cwd="nowhere")


def test_a_program_that_cannot_be_run(yard: Yard) -> None:
    yard.folder.joinpath("data").write_text("no program")

    assert "permission denied" in refusal(yard, str(yard.folder / "data"))


def test_one_that_ends_at_once_is_quoted_with_its_exit_code(yard: Yard) -> None:
    text = refusal(yard, yard.script("print('no config'); sys.exit(3)"))

    assert "the server ended at once, with exit code 3, before it listened" in text
    assert "Its last words:\n  no config" in text


def test_one_that_dies_by_a_signal_says_which(yard: Yard) -> None:
    assert "by the signal SIGSEGV" in refusal(yard, yard.script("os.kill(os.getpid(), signal.SIGSEGV)"))


@pytest.mark.usefixtures("hasty")
def test_one_that_listens_nowhere(yard: Yard) -> None:
    text = refusal(yard, yard.script("print('thinking'); input()"))

    assert "the server did not listen on any TCP port within 1 s" in text
    assert "Its last words:\n  thinking" in text


@pytest.mark.usefixtures("hasty")
def test_one_that_listens_on_another_port_than_the_profile_says(yard: Yard) -> None:
    wanted, real = port_to_ourselves(), port_to_ourselves()
    text = refusal(yard, yard.script(f"serve({real})"), port=wanted)

    assert f"the server listens on 127.0.0.1:{real}, not on port {wanted}" in text


def test_one_that_listens_on_two_ports_must_be_told_apart_by_the_profile(yard: Yard) -> None:
    pair = "pair = [socket.socket() for _ in '12']\nfor one in pair: one.bind(('127.0.0.1', 0))\n"
    opening = "for one in pair: one.listen()\nprint('both'); input()"
    text = refusal(yard, yard.script(pair + opening), ready=Template("both"))

    assert "the server listens on several ports, 127.0.0.1:" in text


@pytest.mark.usefixtures("hasty")
def test_one_that_never_prints_its_ready_line(yard: Yard) -> None:
    assert "did not print its `ready` line" in refusal(yard, yard.script("serve(0)"), ready=Template("open!"))


def test_a_build_that_fails_is_quoted(yard: Yard) -> None:
    text = refusal(yard, None, command=("true",), build="echo missing brace; exit 2")

    assert "the build failed with exit code 2: echo missing brace; exit 2\n  missing brace" in text


def test_somebody_elses_server_on_the_port_is_named_and_never_judged(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsim.server.server.OTHERS_END", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = refusal(yard, yard.script(f"serve({port})"), port=port)

    assert f"port {port} is taken: process {os.getpid()} (" in text


def test_a_stranger_on_a_found_port_is_not_taken_for_the_server(yard: Yard) -> None:
    """The server cannot bind; somebody else listens there. Its complaint is shown, with what it means."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        text = refusal(yard, yard.script(f"serve({other.getsockname()[1]})"))

    assert "Address already in use" in text
    assert "Its port is taken" in text


def test_a_folder_too_large_to_copy_is_refused(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatsim.server.launch.MOST_FILES", 0)
    yard.folder.joinpath("thesis.pdf").write_text("")

    assert "too large to be copied" in refusal(yard, None, command=(PYTHON,), files={"a": "b"})
