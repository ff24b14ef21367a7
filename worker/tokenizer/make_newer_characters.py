"""Writes newer_characters.inc: the characters that are newer than Unicode 14, as the tokenizers library classes them.

usage: python3 make_newer_characters.py > newer_characters.inc     (needs tokenizers 0.23.3 and a Python of Unicode 14)
"""

import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

assert unicodedata.unidata_version == "14.0.0"
CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
CATEGORIES = ["Lu", "Ll", "Lm", "Lo", "Mn", "Mc", "Nd", "N", "P", "S"]  # the first that fits
BLOCK = 4096
PROBES = "\u0334\u0345\u0327\u0301\u0316"  # marks of several combining classes


def members(category):
    splitter = pre_tokenizers.Split(Regex(r"\p{%s}" % category), "removed")
    for begin in range(0, len(CODES), BLOCK):
        codes = CODES[begin:begin + BLOCK]
        kept = set()
        for _, (first, end) in splitter.pre_tokenize_str("".join(map(chr, codes))):
            kept.update(range(first, end))
        yield from (code for i, code in enumerate(codes) if i not in kept)


def reorders_otherwise(code):
    nfd = normalizers.NFD().normalize_str
    texts = [text for mark in PROBES for text in ("a" + mark + chr(code), "a" + chr(code) + mark)]
    return any(nfd(text) != unicodedata.normalize("NFD", text) for text in texts)


def decomposes_otherwise(code):
    return normalizers.NFKD().normalize_str(chr(code)) != unicodedata.normalize("NFKD", chr(code))


def ranges(items):
    runs = []
    for code, kind in sorted(items):
        if runs and runs[-1][1] == code - 1 and runs[-1][2] == kind:
            runs[-1] = (runs[-1][0], code, kind)
        else:
            runs.append((code, code, kind))
    return runs


def main():
    newer = {}
    for category in CATEGORIES:
        for code in members(category):
            if unicodedata.category(chr(code)) == "Cn":
                newer.setdefault(code, category)
    print("// Written by make_newer_characters.py.")
    print("constexpr NewerRange kNewer[] = {")
    for begin, end, kind in ranges(newer.items()):
        print(f"    {{0x{begin:X}, 0x{end:X}, Kind::k{kind}}},")
    print("};")
    inert = {code: "" for code in CODES if code not in newer and (
        decomposes_otherwise(code) or unicodedata.category(chr(code))[0] == "M" and reorders_otherwise(code))}
    print("constexpr Range kInert[] = {")
    for begin, end, _ in ranges(inert.items()):
        print(f"    {{0x{begin:X}, 0x{end:X}}},")
    print("};")


if __name__ == "__main__":
    main()
