"""It has nothing to do."""

print("nothing to do")
raise SystemExit(0)
