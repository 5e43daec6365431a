"""Leaves files wherever it can."""

from lobby import AIM, own, serve

for place in AIM["places"]:
    own(place)
serve()
