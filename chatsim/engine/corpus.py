"""Words to say when the scenario names none: plain ones, and the hard ones that break servers.

Faker draws names and sentences in a language, but hardly ever a joined emoji, a combining mark or a change of writing
direction. Those are where student servers tear characters, so a small corpus of them stands here.
"""

from __future__ import annotations

__all__ = ["HARD", "PLAIN"]

# One string a line, split: a list of 140 quoted words would be the longest thing in the room.
PLAIN: tuple[str, ...] = (
    *"about after again almost always among apple around autumn basket before begin behind better between".split(),
    *"bicycle bridge bright candle carry castle cellar chance cheese circle clever cloud coffee copper".split(),
    *"corner cotton country dance diamond dinner doctor dream early earth eleven engine enough evening".split(),
    *"father feather finger forest fountain friend garden gentle giant glass golden green harbour heavy".split(),
    *"helmet honey hundred island jacket journey juice kettle kitchen ladder lantern later lemon letter".split(),
    *"little marble meadow melody middle minute mirror morning mountain music narrow needle never number".split(),
    *"ocean office orange orchard paper pencil people pepper picture planet pocket potato quick quiet".split(),
    *"rabbit railway rainbow river rocket saddle second seven shadow silver simple sister spider spring".split(),
    *"station stone story street sugar summer table ticket tiger tomorrow travel tunnel twenty umbrella".split(),
    *"under valley velvet village violin walnut water weather window winter wonder yellow".split(),
)

HARD: tuple[str, ...] = (
    "漢字かな交じり文",  # three scripts in one Japanese line
    "中文字符測試",
    "한국어 메시지",
    "Привет, как дела?",
    "שלום עולם",  # right to left
    "مرحبا بالعالم",  # right to left, joined letters
    "हिन्दी में संदेश",  # conjuncts
    "ภาษาไทย",  # vowels above and below
    "Zo\u0308e naïve café",  # a combining diaeresis beside precomposed letters
    "Z͑ͫa̴l̷g̸o",  # marks stacked on marks
    "👩‍👩‍👧‍👦 family",  # four people joined by zero-width joiners: 25 bytes, one picture
    "🏳️‍🌈 and 🇩🇪🇫🇷",  # a variation selector; flags made of two letters each
    "👍🏽 skin tone",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 beyond the first plane",
    "half width ﾊﾝｶｸ",
    "ligature ﬁ and ß",  # lower- and upper-casing changes their length
    "dotless ı and İstanbul",
    "zero\u200bwidth space",
    "left \u2067right\u2069 left",  # isolates, properly closed
)
