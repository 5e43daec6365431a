"""Clues from languages of which only the look is known."""

from __future__ import annotations

import pytest

from chatsim.detect.source.clues import Clues, read_other

NODE = """
const net = require('net') // listens on 9999? no
const server = net.createServer(socket => {
  socket.write('Name? ')
  socket.on('data', data => {
    const message = data.toString().trim()
    if (message === '/quit') { socket.end('Bye!\\n'); return }
    broadcast(`${socket.name}: ${message}\\n`)
  })
})
server.listen(4141)
"""

JAVA = """
class Server { /* ServerSocket(1) */
  void run() throws Exception {
    ServerSocket s = new ServerSocket(4242);
    BufferedReader in = null;
    String line = in.readLine();
    if (line.equals("logout")) close();
    for (PrintWriter out : writers) out.println(username + " has left");
    System.out.println("for the console");
  }
}
"""

GO = """
package main
func main() {
  l, _ := net.Listen("tcp", ":4343")
  input := bufio.NewScanner(conn)
  messages <- who + " has arrived"
  fmt.Fprintf(conn, "Hello, %s!\\n", name)
}
"""

C = """
#define PORT 4444
char buffer[512];
addr.sin_port = htons(PORT);
snprintf(out, sizeof out, "%s: %s\\n", name, message);
if (strncmp(buffer, "/list", 5) == 0) list();
"""


def clues(source: str, file: str) -> Clues:
    return read_other({file: source})


@pytest.mark.parametrize(
    ("source", "file", "port", "framing"),
    [
        (NODE, "s.js", 4141, "none"),
        (JAVA, "S.java", 4242, "newline"),
        (GO, "m.go", 4343, "newline"),
        (C, "s.c", 4444, "none"),
    ],
)
def test_port_and_framing_are_seen(source: str, file: str, port: int, framing: str) -> None:
    found = clues(source, file)

    assert [clue.value for clue in found.ports] == [port]
    assert found.framings[0].value == framing
    assert [clue.value for clue in found.wires] in (["tcp"], [])


@pytest.mark.parametrize(
    ("source", "file", "sent"),
    [
        (NODE, "s.js", [("prompt", "Name? "), ("prompt", "Bye!\n"), ("message", "{nick}: {text}\n")]),
        (JAVA, "S.java", [("left", "{nick} has left")]),
        (GO, "m.go", [("joined", "{nick} has arrived"), ("welcome", "Hello, {nick}!\n")]),
        (C, "s.c", [("message", "{nick}: {text}\n")]),
    ],
)
def test_what_is_sent_is_put_together(source: str, file: str, sent: list[tuple[str, str]]) -> None:
    assert [(told.about, told.text.template()) for told in clues(source, file).sent] == sent


def test_quit_words_and_commands_are_told_apart() -> None:
    assert [clue.value for clue in clues(NODE, "s.js").quit_words] == ["/quit"]
    assert clues(NODE, "s.js").commands == ()
    assert [clue.value for clue in clues(JAVA, "S.java").quit_words] == ["logout"]
    assert [clue.value for clue in clues(C, "s.c").commands] == ["/list"]


def test_a_clue_tells_its_line() -> None:
    (quit_word,) = clues(NODE, "s.js").quit_words

    assert "/quit" in NODE.splitlines()[quit_word.line - 1]


def test_what_is_called_a_broadcast_goes_to_many() -> None:
    (told,) = clues("broadcastMessage('the room is full\\n')", "s.js").sent

    assert (told.to, told.text.template()) == ("many", "the room is full\n")
