"""Nothing is wrong with it."""

from lobby import serve

serve()
