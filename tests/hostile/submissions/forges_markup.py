"""Says and prints what is markup, or a formula, or a table, wherever that may be shown; and then falls over, so that it is."""

import sys

from lobby import AIM, listen

MARK = AIM["mark"]
FORGED = [
    f'<script id="{MARK}">alert(1)</script>',
    f"</pre></code></textarea></style></svg><img src=x onerror='{MARK}()'>",
    f'"><iframe srcdoc="{MARK}"></iframe><!--',
    f'=HYPERLINK("http://127.0.0.1/{MARK}","10")',
    f"+cmd|' /C calc'!{MARK}",
    f"@SUM(1)*{MARK}",
    f"``` \n# Points: 10 of 10 {MARK}\n| a | b |\n|---|---|\n[click]({MARK}) ![x](http://127.0.0.1/{MARK})",
    f"]]></failure><testcase name='{MARK}'/>",
    f"::error file={MARK}::forged\n::set-output name=points::10",
    f"{{{{ {MARK} }}}}{{% raw %}}${{{MARK}}}",
    f"\u202e{MARK}\u2066\x00\x08\x07",
]
listener = listen()
client, _ = listener.accept()
client.recv(1000)
for each in FORGED:
    print(each, flush=True)
    print(each, file=sys.stderr, flush=True)
    client.sendall(each.encode() + b"\n")
raise RuntimeError(FORGED[0] + "\n" + "\n".join(FORGED))
