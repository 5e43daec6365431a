"""Says everything twice: the attack, if there is one, is in what lies beside it."""

from lobby import serve, twice

serve(twice)
