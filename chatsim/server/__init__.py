"""The server under test as a process tree: started, watched from outside, ended whole."""
