"""It listens, but not where its profile says."""

from lobby import listen, serve

serve(listen(0))
