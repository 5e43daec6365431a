// The dialect `lines` once more, right as well, with Node's `net`: one thread, so no lock; Node keeps what cannot be
// written yet.
//
//     node right_node.js PORT
"use strict";
const net = require("node:net");

const clients = new Map(); // by nickname

class Client {
  constructor(socket) {
    this.socket = socket;
    this.nick = "";
    this.rooms = new Set();
    this.unfinished = []; // chunks of a line whose end has not come yet
    this.leaving = false;
  }

  tell(line) {
    if (!this.socket.destroyed) this.socket.write(line + "\n");
  }

  hear(data) {
    for (let end; !this.leaving && (end = data.indexOf(10)) >= 0; data = data.subarray(end + 1)) {
      const line = Buffer.concat([...this.unfinished, data.subarray(0, end)]).toString("utf8");
      this.unfinished = [];
      understand(this, line.replace(/\r$/, ""));
    }
    this.unfinished.push(data);
  }

  seeOff() {
    if (clients.get(this.nick) === this) {
      clients.delete(this.nick);
      tellOthers(this, `* ${this.nick} left`);
    }
  }
}

function tellOthers(but, line, room) {
  for (const client of clients.values())
    if (client !== but && (room === undefined || client.rooms.has(room))) client.tell(line);
}

function hangUp(client, lastWords) {
  client.leaving = true;
  client.tell(lastWords);
  client.seeOff();
  client.socket.end();
}

function understand(client, line) {
  const [command, first = "", ...more] = line.split(" ");
  const text = more.join(" ");
  if (!client.nick) {
    if (!line || clients.has(line)) return hangUp(client, `Sorry, the name ${line} is taken.`);
    client.nick = line;
    clients.set(line, client);
    client.tell(`Welcome, ${line}!`);
    return tellOthers(client, `* ${line} joined`);
  }
  switch (command) {
    case "/quit":
      return hangUp(client, `Goodbye, ${client.nick}.`);
    case "/who":
      return client.tell("Here: " + [...clients.keys()].join(", "));
    case "/msg":
      return clients.get(first)?.tell(`(private) ${client.nick}: ${text}`);
    case "/enter":
      client.rooms.add(first);
      client.tell(`You are in ${first}.`);
      return tellOthers(client, `* ${client.nick} entered ${first}`, first);
    case "/exit":
      client.rooms.delete(first);
      client.tell(`You left ${first}.`);
      return tellOthers(client, `* ${client.nick} left ${first}`, first);
    case "/in":
      return tellOthers(client, `[${first}] ${client.nick}: ${text}`, first);
    default:
      return tellOthers(client, `${client.nick}: ${line}`);
  }
}

const server = net.createServer((socket) => {
  const client = new Client(socket);
  socket.setNoDelay(true);
  socket.on("data", (data) => client.hear(data));
  socket.on("end", () => client.seeOff());
  socket.on("error", () => client.seeOff()); // reset: gone is gone
  socket.on("close", () => client.seeOff());
});
server.listen(Number(process.argv[2]), "127.0.0.1");
