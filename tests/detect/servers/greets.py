"""No chat server: greets each client with the bytes of its second argument, and says no more."""

import ast
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
here = []
while True:
    here.append(listener.accept()[0])
    here[-1].sendall(ast.literal_eval(f'b"{sys.argv[2]}"'))
