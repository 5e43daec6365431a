"""Runs, and listens nowhere."""

import time

print("I am a server")
while True:
    time.sleep(60)
