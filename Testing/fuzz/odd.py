"""Odd numbers, texts, JSON values and encodings."""

import json

NUMBERS = (
    *("0", "-1", "1", "2", "0.5", "nan", "inf", "-inf", "1e300", "1e-300", "1e999", "-0", "1e10", "3", "4", "12"),
    *("0.004", "0.012", "0.02", "1.5", "7", "30000", "127.7", "100", "1000000", "0x10", "1_000", "١", "1,5", "3T", "½"),
)
TEXTS = (
    *(
        "",
        " ",
        "a",
        "none",
        "auto",
        "true",
        "null",
        "ü",
        "日本",
        "\u202e",
        "a" * 300,
        "../x",
        "/proc/x",
        ".",
        "..",
        "a\nb",
        "=1",
    ),
    *("-", "--", "{}", "[]", '{"a": 1}', "%s", "$HOME", "~", "*", "\\", "'", '"', "\t", "\x7f", "😀", "nii.gz", "a=b"),
)
DEEP = "[" * 3000 + "]" * 3000


def odd_text(random):
    return random.choice((*NUMBERS, *TEXTS))


def odd_value(random, depth=2):
    """Anything that JSON can say."""
    kind = random.randrange(8 if depth else 6)
    if kind == 0:
        return random.choice((None, True, False, 0, -1, 1, float("nan"), float("inf"), -float("inf"), 1e300, 10**30))
    if kind in (1, 2):
        return random.choice((0.004, 4, 4.0, 0.012, 0.02, 20, 3, 3.0, 1.5, 7, 30000, 127.7, 2.89, 1e-9, -0.004, 1e-300))
    if kind in (3, 4):
        return random.choice(NUMBERS)
    if kind == 5:
        return random.choice(TEXTS)
    values = [odd_value(random, depth - 1) for _ in range(random.randrange(4))]
    return values if kind == 6 else {random.choice(("a", "", "EchoTime", "method", "Units")): v for v in values}


def odd_json(content, random):
    """The bytes of a JSON file, said oddly: (what, bytes)."""
    text = json.dumps(content)
    body = text.strip("{}")
    ways = {
        **{"BOM": b"\xef\xbb\xbf" + text.encode(), "UTF-16": text.encode("utf-16"), "UTF-32": text.encode("utf-32")},
        "Latin-1": text[:-1].encode() + ', "InstitutionName": "Universität"}'.encode("latin-1"),
        **{"CRLF": json.dumps(content, indent=1).replace("\n", "\r\n").encode(), "indent": b"\n\n  " + text.encode()},
        **{"empty": b"", "blank": b" \n", "zeros": bytes(40), "cut": text.encode()[: random.randrange(len(text))]},
        **{
            "in a list": f"[{text}]".encode(),
            "twice": (text + text).encode(),
            "keys twice": f"{{{body}, {body}}}".encode(),
        },
        **{
            "deep": DEEP.encode(),
            "deep value": f'{{{body}, "x": {DEEP}}}'.encode(),
            "comment": f"// c\n{text}".encode(),
        },
        **{"comma at the end": f"{{{body},}}".encode(), "single quotes": text.replace('"', "'").encode()},
        **{"long": (text + " " * 100000).encode(), "no object": json.dumps(odd_value(random)).encode()},
        "surrogate": f'{{{body}, "x": "\\ud800"}}'.encode(),
    }
    what = random.choice(list(ways))
    return f"JSON {what}", ways[what]


def damaged_bytes(content, random, start=0, end=None):
    """Bytes between start and end flipped, overwritten, cut out, inserted or doubled: (what, bytes)."""
    content = bytearray(content)
    end = min(len(content) if end is None else end, len(content))
    start = min(start, end)
    what = random.choice(("bits", "bits", "bytes", "bytes", "cut", "insert", "double", "end", "append"))
    at = random.randrange(start, end) if end > start else start
    size = random.choice((1, 1, 2, 4, 8, 64))
    if what in ("bits", "bytes") and end > start:
        for _ in range(random.choice((1, 1, 1, 2, 8))):
            at = random.randrange(start, end)
            content[at] = (
                content[at] ^ (1 << random.randrange(8)) if what == "bits" else random.choice((0, 255, 127, 32))
            )
    elif what == "cut":
        del content[at : at + size]
    elif what == "insert":
        content[at:at] = random.randbytes(size)
    elif what == "double":
        content[at:at] = content[at : at + size]
    elif what == "end":
        del content[at:]
    else:
        content += random.randbytes(size)
    return f"{what} at {at}", bytes(content)
