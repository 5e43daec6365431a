"""A chat in which everything is right, and in which others are as well: their nicknames are markup, formulas and commands."""

from lobby import AIM, give, relay, serve

MARK = AIM["mark"]
NICKNAMES = [
    f"<script>alert(1)</script>{MARK}",
    f"<img/src=x/onerror='{MARK}()'>",
    f"=HYPERLINK('http://127.0.0.1/{MARK}','10')",
    f"@SUM(1)*{MARK}",
    f"[{MARK}](http://127.0.0.1)",
    f"</svg></text><iframe/srcdoc={MARK}>",
    f"\x1b[2J\x1b]0;{MARK}\x07\u202e",
    f"#{MARK}|`{MARK}`|**{MARK}**",
    "-" * 4000,
]


def said(client, nick, text):
    relay(client, nick, text)
    for each in NICKNAMES:
        give(client, f"{each} is here")
        give(client, f"<{each}> {each}")
        give(client, f"<{nick}> {each}")
        give(client, f"{each} has gone")


serve(said)
