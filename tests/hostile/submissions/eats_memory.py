"""8 GiB, in steps."""

from lobby import BOUNDED, MIB, serve

held = []
try:
    for _ in range(512 if BOUNDED else 15):
        held.append(bytearray(16 * MIB))
except MemoryError:
    pass
serve()
