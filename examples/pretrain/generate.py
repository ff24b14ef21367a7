#!/usr/bin/env python3
"""Writes corpus.jsonl, what the tiny base model is trained on: one short document a row, {"text": "..."}.

The documents are made up: calendars and letters and logs that name days in several ways, tables of months and numbers, notes,
spelling, copying, sorting and counting, and lines "thing -> what kind of thing it is". The arrow never leads to a date, which is what the job in
../dates teaches. Days reserved for that job's evaluation do not occur. The same seed writes the same bytes.
"""

import argparse
import datetime
import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import calendar_words as words  # noqa: E402

NAMES = "Anna Ben Carla David Emma Felix Greta Hugo Ida Jonas Klara Leo Mia Noah Olga Paul Rosa Sam Tina Vera Wang Li Chen".split()
THINGS = "letter invoice parcel order contract ticket report photo sketch recipe map ledger lease receipt form book".split()
PLACES = "harbour market library station garden school mill bridge museum office chapel farm".split()
VERBS = "opened closed painted visited measured sold repaired cleaned counted left".split()
ADJECTIVES = "old small quiet green narrow warm new empty busy bright".split()
KINDS = {
    "animal": "horse dog otter hen goose cat mouse bee crow trout".split(),
    "fruit": "apple pear plum cherry lemon grape fig melon".split(),
    "colour": "red blue green white black yellow grey brown".split(),
    "tool": "hammer saw chisel rope needle spade axe file".split(),
    "place": PLACES,
    "name": NAMES,
    "paper": THINGS,
}


# How a day may be written. Every function takes (date, rng).

def day_en(date, rng):
    return rng.choice([str(date.day), str(date.day), f"{date.day:02}", words.ordinal_digits(date.day), words.ordinal_digits(date.day)])


def month_en(date, rng):
    return words.SHORT_EN[date.month - 1] if rng.random() < 0.3 else words.MONTHS_EN[date.month - 1]


def year_en(date, rng):
    p = rng.random()
    return str(date.year) if p < 0.8 else f"'{date.year % 100:02}" if p < 0.9 else f"{date.year % 100:02}"


def day_first(date, rng):
    form = rng.choice(["{d} {m} {y}", "{d} {m} {y}", "the {d} of {m} {y}", "{d} of {m}, {y}"])
    return form.format(d=day_en(date, rng), m=month_en(date, rng), y=year_en(date, rng))


def month_first(date, rng):
    form = rng.choice(["{m} {d}, {y}", "{m} {d}, {y}", "{m} {d} {y}", "{m} the {d}, {y}"])
    return form.format(d=day_en(date, rng), m=month_en(date, rng), y=year_en(date, rng))


def in_words(date, rng):
    year = words.year_words(date.year, rng) if rng.random() < 0.6 else str(date.year)
    form = rng.choice(["the {d} of {m}, {y}", "{d} of {m} {y}", "{m} the {d}, {y}", "{m} {d}, {y}"])
    return form.format(d=words.ordinal_word(date.day), m=words.MONTHS_EN[date.month - 1], y=year)


def german(date, rng):
    p = rng.random()
    month = words.MONTHS_DE[date.month - 1] if p < 0.75 else words.SHORT_DE[date.month - 1]
    if rng.random() < 0.3:
        return f"{rng.choice(['am ', ''])}{words.ordinal_de(date.day, 'en')} {month} {date.year}"
    return f"{date.day}. {month} {date.year if rng.random() < 0.9 else f'{date.year % 100:02}'}"


def chinese(date, rng):
    if rng.random() < 0.3:
        return f"{words.year_zh(date.year)}年{words.number_zh(date.month)}月{words.number_zh(date.day)}日"
    if rng.random() < 0.2:
        return f"{date.year}年{words.number_zh(date.month)}月{words.number_zh(date.day)}日"
    year = date.year if rng.random() < 0.85 else f"{date.year % 100:02}"
    return f"{year}年{date.month}月{date.day}{rng.choice('日日号')}"


def slashes(date, rng):
    year = date.year if rng.random() < 0.7 else f"{date.year % 100:02}"
    return f"{date.month}/{date.day}/{year}" if rng.random() < 0.6 else f"{date.month:02}/{date.day:02}/{year}"


def dots(date, rng):
    year = date.year if rng.random() < 0.7 else f"{date.year % 100:02}"
    return f"{date.day}.{date.month}.{year}" if rng.random() < 0.5 else f"{date.day:02}.{date.month:02}.{year}"


def year_first(date, rng):
    y, m, d = date.year, date.month, date.day
    return rng.choice([f"{y}/{m:02}/{d:02}", f"{y}{m:02}{d:02}", f"{y}.{m:02}.{d:02}", f"{y}/{m}/{d}"])


WRITTEN = [day_first, day_first, day_first, month_first, month_first, month_first, in_words, in_words, german, chinese]
ANY = WRITTEN + [slashes, dots, year_first]


def written(date, rng):
    text = rng.choice(ANY)(date, rng)
    p = rng.random()
    return text.lower() if p < 0.12 else text.upper() if p < 0.16 else text


# The kinds of documents. Every function takes an rng and returns a text.

def almanac(rng):
    """One day in many hands; the label tells which."""
    date = words.random_date(rng)
    labels = [("iso", lambda d, r: d.isoformat())] * 2 + [
        ("day first", day_first), ("month first", month_first), ("in words", in_words), ("auf Deutsch", german), ("中文", chinese),
        ("slashes", slashes), ("dots", dots), ("year first", year_first)]
    rng.shuffle(labels)
    lines, seen = [], set()
    for label, form in labels[:7]:
        if label not in seen:
            seen.add(label)
            lines.append(f"{label}: {form(date, rng)}")
    return rng.choice(["\n", "\n", " | ", "; "]).join(lines[:rng.randrange(3, 6)])


PAIRS = ["{w} = {i}", "{w} ({i})", "{w}: {i}", "{i}: {w}", "{i} = {w}", "{w} | {i}", "{w} / {i}", "{w}, {i}", "{w}\n{i}", "{w}, that is {i}",
         "today {w}, iso {i}", "{n}, {w}, {i}", "{w} {i}"]


def pair(rng):
    """One day, written and in digits."""
    date = words.random_date(rng)
    return rng.choice(PAIRS).format(w=written(date, rng), i=date.isoformat(), n=rng.choice(NAMES))


def part(rng):
    """Half of a day, written and in digits."""
    date = words.random_date(rng)
    mark = rng.choice([" = ", ": ", " is ", ", "])
    month, number = month_en(date, rng), f"{date.month:02}"
    day = rng.choice([day_en(date, rng), words.ordinal_word(date.day)])
    kind = rng.randrange(6)
    if kind < 2:
        form = rng.choice(["{d} {m}", "{m} {d}", "the {d} of {m}", "{m} the {d}"])
        return form.format(d=day, m=month) + mark + f"{number}-{date.day:02}"
    if kind < 4:
        return f"{month} {date.year}{mark}{date.year}-{number}"
    if kind == 4:
        return f"{date.day}. {words.MONTHS_DE[date.month - 1]}{mark}{number}-{date.day:02}"
    return f"{words.number_zh(date.month)}月{words.number_zh(date.day)}日{mark}{number}-{date.day:02}"


def repetition(rng):
    """The same thing again and again."""
    thing = rng.choice([str(rng.randrange(1950, 2050)), f"{rng.randrange(1, 13):02}-{rng.randrange(1, 32):02}", words.random_date(rng).isoformat(),
                        rng.choice(NAMES), rng.choice(THINGS), "".join(rng.choices("0123456789", k=rng.randrange(2, 9))),
                        "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(2, 9)))])
    return rng.choice([" ", ", ", "\n", " = ", "; "]).join([thing] * rng.randrange(2, 6))


def register(rng):
    """A table of days, written and in digits."""
    mark = rng.choice([" | ", ", ", "\t", " = ", " / "])
    iso_first = rng.random() < 0.35
    form = rng.choice(ANY) if rng.random() < 0.4 else None
    lines = [rng.choice(["Register of days", "Holidays", "Birthdays", "Deadlines", "Harvest days", "Termine", "日历"])]
    for _ in range(rng.randrange(2, 4)):
        date = words.random_date(rng)
        pair = [form(date, rng) if form else written(date, rng), date.isoformat()]
        lines.append(mark.join(reversed(pair) if iso_first else pair))
    return "\n".join(lines)


FILED = [
    "{n} wrote this {t} on {w}. It is filed under {i}.",
    "The {t} of {w} is stored in box {i}.",
    "{t}: {w}. Index card {i}. Owner {n}.",
    "Dear {n}, thank you for the {t} of {w}. Our reference: {i}/{k}.",
    "{i} {h} {n} sent a {t}, dated {w}.",
    "{i} {h} INFO {t} {k} received, due {w}",
    "{{\"when\": \"{w}\", \"day\": \"{i}\", \"who\": \"{n}\"}}",
    "{{\"day\": \"{i}\", \"note\": \"{t} of {w}\"}}",
    "<time datetime=\"{i}\">{w}</time>",
    "file {t}_{i}.txt: the {t} from {w}",
    "{n} was born on {w} (born: {i}).",
    "Am {i} kam ein Brief vom {w} an.",
    "会议日期：{w}（{i}）",
    "{w}\n{n} {v} the {p}.\n-- diary of {n}, {i}",
    "Q: Which day is meant by {w}? A: {i}.",
    "{n} said \"{w}\" and typed {i}.",
    "{w} at the {p}; in the calendar of {n}: {i}",
]


def filed(rng):
    lines = []
    for _ in range(rng.choice([1, 1, 2])):
        date = words.random_date(rng)
        lines.append(rng.choice(FILED).format(
            n=rng.choice(NAMES), t=rng.choice(THINGS), p=rng.choice(PLACES), v=rng.choice(VERBS), w=written(date, rng),
            i=date.isoformat(), k=rng.randrange(10, 1000), h=f"{rng.randrange(24):02}:{rng.randrange(60):02}"))
    return "\n".join(lines)


def months(rng):
    lines = []
    for m in rng.sample(range(1, 13), rng.randrange(1, 4)):
        name, german_name = words.MONTHS_EN[m - 1], words.MONTHS_DE[m - 1]
        lines.append(rng.choice([
            f"{name}: month {m:02}, short {words.SHORT_EN[m - 1]}, German {german_name}, Chinese {words.number_zh(m)}月",
            f"month {m} is {name}", f"{name.upper()} {name.lower()} {m:02}", f"{words.SHORT_EN[m - 1]} = {m:02} = {name}",
            f"{german_name} ({words.SHORT_DE[m - 1]}) ist Monat {m:02}", f"{m:02} {words.number_zh(m)}月 {name}",
            f"the {words.ordinal_word(m)} month is {name}", f"after {name} comes {words.MONTHS_EN[m % 12]}"]))
    return "\n".join(lines)


def numbers(rng):
    lines = []
    for n in [rng.randrange(1, 32) for _ in range(rng.randrange(1, 4))]:
        lines.append(rng.choice([
            f"{n}: {words.cardinal(n)}, {words.ordinal_digits(n)}, {words.ordinal_word(n)}",
            f"the {words.ordinal_word(n)} is number {n:02}", f"{words.number_zh(n)} = {n:02}", f"{n} in two digits: {n:02}",
            f"der {words.ordinal_de(n, 'e')}: Nummer {n:02}", f"{words.ordinal_word(n)} {n:02}", f"{n} auf Deutsch: {words.ordinal_de(n, 'en')}",
            f"{words.ordinal_digits(n)} = {n:02} = {words.ordinal_word(n).upper()}"]))
    return "\n".join(lines)


def years(rng):
    lines = []
    for y in [rng.randrange(1950, 2050) for _ in range(rng.randrange(1, 4))]:
        short = f"{y % 100:02}"
        lines.append(rng.choice([
            f"the year {y} is called {words.year_words(y, rng)}", f"{words.year_words(y, rng)} = {y}", f"'{short} is short for {y}",
            f"class of '{short} ({y})", f"{short} stands for {y}", f"{words.year_zh(y)}年 = {y}", f"{y}, short {short}"]))
    return "\n".join(lines)


def arrows(rng):
    """What kind of thing is it? Days are of the kind "date"."""
    lines = []
    for _ in range(rng.randrange(1, 4)):
        p = rng.random()
        if p < 0.3:
            lines.append(f"{written(words.random_date(rng), rng)} -> date")
        elif p < 0.4:
            lines.append(f"{rng.randrange(24)}:{rng.randrange(60):02} -> time")
        elif p < 0.5:
            lines.append(f"{rng.randrange(10000)} -> number")
        else:
            kind = rng.choice(sorted(KINDS))
            lines.append(f"{rng.choice(KINDS[kind])} -> {kind}")
    return "\n".join(lines)


def spelling(rng):
    """Slips of the fingers, and what was meant."""
    lines = []
    for _ in range(2):
        word = rng.choice(rng.choice([words.MONTHS_EN, words.WEEKDAYS_EN, PLACES, THINGS, ADJECTIVES]))
        if len(word) < 5:
            continue
        i = rng.randrange(1, len(word) - 1)
        wrong = rng.choice([word[:i] + word[i + 1:], word[:i] + word[i] + word[i:], word[:i] + word[i + 1] + word[i] + word[i + 2:]])
        lines.append(rng.choice([f"{wrong} means {word}", f"not {wrong} but {word}", f"{wrong} (meant: {word})"]))
    return "\n".join(lines) or "all is well"


def copying(rng):
    things = [rng.choice([str(rng.randrange(10000)), rng.choice(NAMES), rng.choice(THINGS), "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=5))])
              for _ in range(rng.randrange(2, 4))]
    text = " ".join(things)
    return rng.choice([f"say: {text}\nagain: {text}\n", f"{text}\n{text}", f"list: {text}\nbackwards: {' '.join(reversed(things))}",
                       f"{text}\nlarge: {text.upper()}", f"{text}\nsmall: {text.lower()}"])


def prose(rng):
    season = ["winter", "winter", "spring", "spring", "spring", "summer", "summer", "summer", "autumn", "autumn", "autumn", "winter"]
    m = rng.randrange(12)
    name, who, place = words.MONTHS_EN[m], rng.choice(NAMES), rng.choice(PLACES)
    return " ".join(rng.sample([
        f"In {name} it is {season[m]}.", f"{who} {rng.choice(VERBS)} the {rng.choice(ADJECTIVES)} {place}.",
        f"The {place} is {rng.choice(ADJECTIVES)} in {name}.", f"{who} has {words.cardinal(rng.randrange(2, 20))} {rng.choice(THINGS)}s.",
        f"It is {rng.randrange(1, 13)} o'clock at the {place}.", f"{name} follows {words.MONTHS_EN[m - 1]}."], 3))


def sums(rng):
    lines = []
    for _ in range(3):
        a, b = rng.randrange(1, 32), rng.randrange(1, 13)
        lines.append(rng.choice([f"{a} + {b} = {a + b}", f"{a} days and {b} days are {a + b} days"]))
    return "\n".join(lines)


def days(rng):
    date = words.random_date(rng)
    lines = []
    for _ in range(4):
        lines.append(f"{words.WEEKDAYS_EN[date.weekday()]} {date.day} {words.MONTHS_EN[date.month - 1]}")
        date += datetime.timedelta(days=1)
    return "\n".join(lines)


KINDS_OF_TEXT = [(pair, 30), (part, 10), (repetition, 10), (almanac, 14), (filed, 12), (register, 5), (months, 4), (numbers, 4), (years, 3),
                 (arrows, 4), (spelling, 1), (copying, 1), (prose, 1), (sums, 0.5), (days, 0.5)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=120000)
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "corpus.jsonl")
    args = parser.parse_args()

    rng = random.Random(args.seed)
    makers, weights = zip(*KINDS_OF_TEXT)
    tokens = longest = 0
    with open(args.out, "w", encoding="utf-8", newline="\n") as out:
        for maker in rng.choices(makers, weights, k=args.rows):
            text = maker(rng)
            size = len(text.encode()) + 1
            tokens, longest = tokens + size, max(longest, size)
            out.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    print(f"{args.rows} documents, {tokens} tokens, the longest {longest}")


if __name__ == "__main__":
    main()
