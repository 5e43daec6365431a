"""What a program may use in a sandbox: it is refused more, or ended, and what it was ended for is said in plain words."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsim.sandbox.bounds import Bounds
from chatsim.sandbox.sandbox import Confinement, Sandbox, remove
from tests.sandbox.conftest import Program

MIB = 1024 * 1024
TIGHT = Bounds(
    memory=200 * MIB,
    data=150 * MIB,
    processes=40,
    descriptors=64,
    cpu=2,
    file=4 * MIB,
    disk=16 * MIB,
    output=MIB,
    files=300,
)


@pytest.fixture
def tight(level: Confinement, tmp_path: Path) -> Iterator[Program]:
    folder = tmp_path / "folder"
    folder.mkdir()
    with Sandbox(level, TIGHT) as sandbox:
        yield Program(sandbox, folder)
    remove(str(folder))  # what is too deep for Python is no burden for whoever removes old test folders


def test_one_process_gets_no_more_private_memory(tight: Program) -> None:
    took = tight.does(
        """
        held = []
        try:
            while True:
                held.append(bytearray(10_000_000))
        except MemoryError:
            number = len(held)
            del held
            note(number)
        """
    )

    assert 5 <= took <= 15


def test_many_processes_get_no_more_together(tight: Program) -> None:
    tight.does(
        """
        import time
        for _ in range(20):
            if not os.fork():
                held = bytearray(50_000_000)
                for place in range(0, len(held), 4096):
                    held[place] = 1
                time.sleep(60)
                os._exit(0)
        time.sleep(60)
        """
    )

    assert tight.done.why == "used more than 200 MiB of memory and was ended"


def test_memory_that_no_process_has_is_not_to_be_had(tight: Program) -> None:
    """Such files can be on their way between two sockets, and open nowhere; such segments have nobody attached to them."""
    refused = tight.does(
        """
        import ctypes, errno
        system = ctypes.CDLL(None, use_errno=True)
        refused = []
        try:
            os.memfd_create("x")
        except OSError as error:
            refused.append(error.errno == errno.ENOSYS)
        refused.append(system.shmget(0, 1_000_000, 0o1600) == -1)
        note(refused)
        """
    )

    assert refused == [True, True]


HIDES = {
    "on their way between sockets": """
        held = held or list(socket.socketpair())
        held[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [number]))])
        """,
    "mapped": "held.append(mmap.mmap(number, 4096))",
}


@pytest.mark.parametrize("way", HIDES)
def test_removed_files_are_not_hidden_from_the_disk_s_bound(tight: Program, way: str) -> None:
    """Each takes the room on the disk that it had, and is open nowhere."""
    tight.does(
        """
        import array, mmap, socket, time
        held = []
        for _ in range(40):
            with open("large", "w+b") as file:
                file.write(bytes(5000))
                file.flush()
                number = file.fileno()
                exec(hide)
            os.remove("large")
        time.sleep(60)
        """,
        hide=textwrap.dedent(HIDES[way]).strip(),
    )

    assert tight.done.why == "hid more than 32 removed files in memory or between sockets and was ended"


def test_a_fork_bomb_is_refused_more_processes_and_leaves_none(tight: Program) -> None:
    began = time.monotonic()
    most = tight.does(
        """
        import time
        number = 0
        try:
            while number < 1000:
                if not os.fork():
                    time.sleep(60)
                    os._exit(0)
                number += 1
        except OSError:
            pass
        note(number)
        """
    )

    assert 10 <= most <= 45
    assert time.monotonic() - began < 30


def test_a_bomb_of_forks_that_fork_is_ended(tight: Program) -> None:
    tight.does(
        """
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """,
        seconds=1.0,
    )

    assert tight.done.why
    assert not tight.still_runs()


def test_what_processes_share_is_counted_once(tight: Program) -> None:
    """30 processes, each with the 20 MB of the first one: 600 MB, if it were counted for each."""
    assert (
        tight.does(
            """
        import time
        held = b"x" * 20_000_000
        for _ in range(30):
            if not os.fork():
                time.sleep(60)
                os._exit(0)
        time.sleep(0.5)
        note("shared")
        os._exit(0)
        """
        )
        == "shared"
    )


def test_threads_are_refused_beyond_the_bound_and_many_are_not(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    started = Program(sandbox, folder).does(
        """
        import threading
        wait = threading.Event()
        number = 0
        try:
            while number < 2000:
                threading.Thread(target=wait.wait, daemon=True).start()
                number += 1
        except RuntimeError:
            pass
        note(number)
        os._exit(0)
        """
    )

    assert 300 <= started <= 512


def test_one_file_grows_no_further(tight: Program) -> None:
    size = tight.does(
        """
        with open("large", "wb") as file:
            try:
                for _ in range(100):
                    file.write(bytes(1_000_000))
                    file.flush()
            except OSError:
                pass
        size = os.path.getsize("large")
        os.unlink("large")
        note(size)
        """
    )

    assert size == TIGHT.file


def test_all_files_together_grow_no_further(tight: Program) -> None:
    tight.does(
        """
        import time
        for number in range(30):
            with open(f"large{number}", "wb") as file:
                file.write(os.urandom(1_000_000))
                os.fsync(file.fileno())
        time.sleep(60)
        """
    )

    assert tight.done.why == "wrote more than 16 MiB to the disk and was ended"


def test_files_without_a_name_count_too(tight: Program) -> None:
    tight.does(
        """
        import time
        held = []
        for number in range(30):
            held.append(open("large", "wb"))
            os.unlink("large")
            held[-1].write(os.urandom(1_000_000))
            held[-1].flush()
            os.fsync(held[-1].fileno())
        time.sleep(60)
        """
    )

    assert tight.done.why == "wrote more than 16 MiB to the disk and was ended"


def test_many_small_files_are_too_many(tight: Program) -> None:
    tight.does(
        """
        import time
        for number in range(400):
            open(f"small{number}", "w").close()
        time.sleep(60)
        """
    )

    assert tight.done.why == "made more than 300 files and was ended"


def test_its_temporary_files_are_bounded(tight: Program) -> None:
    tight.does(
        """
        import tempfile, time
        held = []
        for number in range(30):
            with open(tempfile.gettempdir() + f"/{number}", "wb") as file:
                file.write(os.urandom(1_000_000))
                os.fsync(file.fileno())
        note("all of it")
        time.sleep(60)
        """,
        seconds=2.0,
    )

    # Where it has a /tmp of its own, that is full, and the program ends; else it is ended for what it wrote.
    assert tight.done.code != 0
    assert tight.done.why or b"No space left" in tight.done.output


def test_descriptors_are_bounded(tight: Program) -> None:
    assert (
        tight.does(
            """
            held = []
            try:
                while True:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                for number in held:
                    os.close(number)
                note(len(held))
            """
        )
        <= 64
    )


def test_what_burns_the_processor_is_ended(tight: Program) -> None:
    tight.does("while True: pass", seconds=30)

    assert tight.done.why == "used more than 2 seconds of a processor and was ended"


def test_what_sleeps_for_ever_is_ended(tight: Program) -> None:
    tight.does("import time; time.sleep(600)", seconds=0.5)

    assert tight.done.why == "was not done within 0.5 s and was ended"


def test_of_endless_output_a_bounded_part_is_kept(tight: Program) -> None:
    tight.does("print('the first line', flush=True)\nwhile True: os.write(1, b'y' * 60_000)", seconds=1.0)

    assert tight.done.output.startswith(b"the first line")
    assert len(tight.done.output) <= TIGHT.output * 2
    assert b"bytes left out" in tight.done.output


def test_a_folder_that_nobody_can_look_into_ends_it(tight: Program) -> None:
    tight.does(
        """
        import time
        for _ in range(3000):
            os.mkdir("d")
            os.chdir("d")
        time.sleep(60)
        """
    )

    assert tight.done.why in (
        "made a folder too deep, or too closed, to look into, and was ended",
        "made more than 300 files and was ended",
    )
