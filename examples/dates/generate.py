#!/usr/bin/env python3
"""Writes train.jsonl and eval.jsonl of the task "turn a date as people write it into ISO 8601".

A row is {"prompt": "March 3rd, 2021 ->", "completion": " 2021-03-03"}. Dates are of the years 1950 to 2049; README.md beside this
file says how the forms that could mean two dates are read. The same seed writes the same bytes. Neither the prompt nor the day of a
row of eval.jsonl is found in train.jsonl; the script checks that.
"""

import argparse
import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import calendar_words as words  # noqa: E402


def typo(word, rng):
    """The word with one slip of the fingers; its first letter stays."""
    i = rng.randrange(1, len(word) - 1)
    slip = rng.randrange(3)
    if slip == 0:
        return word[:i] + word[i + 1:]
    if slip == 1:
        return word[:i] + word[i] + word[i:]
    return word[:i] + word[i + 1] + word[i] + word[i + 2:]


def month_en(date, rng, typos):
    name = words.MONTHS_EN[date.month - 1]
    if rng.random() < 0.3:
        return words.SHORT_EN[date.month - 1] + rng.choice(["", "", "."])
    return typo(name, rng) if typos and len(name) > 4 and rng.random() < 0.15 else name


def month_de(date, rng):
    if rng.random() < 0.25:
        return words.SHORT_DE[date.month - 1] + rng.choice(["", "."])
    name = words.MONTHS_DE[date.month - 1]
    return "Maerz" if name == "März" and rng.random() < 0.25 else name


def year_en(date, rng):
    return rng.choice([f"{date.year}"] * 6 + [f"'{date.year % 100:02}", f"{date.year % 100:02}"])


def day_month_en(date, rng):
    month, year = month_en(date, rng, True), year_en(date, rng)
    day = rng.choice([f"{date.day}", f"{date.day:02}", words.ordinal_digits(date.day), words.ordinal_digits(date.day)])
    form = rng.choice(["{d} {m} {y}", "{d} {m} {y}", "{d} {m}, {y}", "the {d} of {m} {y}", "the {d} of {m}, {y}", "{d} of {m} {y}"])
    return form.format(d=day, m=month, y=year)


def month_day_en(date, rng):
    month, year = month_en(date, rng, True), year_en(date, rng)
    day = rng.choice([f"{date.day}", f"{date.day:02}", words.ordinal_digits(date.day), words.ordinal_digits(date.day)])
    form = rng.choice(["{m} {d}, {y}", "{m} {d}, {y}", "{m} {d} {y}", "{m} the {d}, {y}"])
    return form.format(d=day, m=month, y=year)


def spelled_en(date, rng):
    day, month = words.ordinal_word(date.day), words.MONTHS_EN[date.month - 1]
    if rng.random() < 0.2:
        day = day.replace("-", " ")
    year = f"{date.year}" if rng.random() < 0.5 else words.year_words(date.year, rng)
    form = rng.choice(["{d} of {m} {y}", "the {d} of {m} {y}", "the {d} of {m}, {y}", "{m} {d}, {y}", "{m} the {d}, {y}"])
    return form.format(d=day, m=month, y=year)


def dashed(date, rng):
    year = rng.choice([f"{date.year}", f"{date.year}", f"{date.year % 100:02}"])
    day = rng.choice([f"{date.day}", f"{date.day:02}"])
    return "-".join([day, words.SHORT_EN[date.month - 1], year])


def numeric(date, rng):
    y, m, d = date.year, date.month, date.day
    return rng.choice([
        f"{y}/{m}/{d}", f"{y}/{m:02}/{d:02}", f"{y}.{m:02}.{d:02}", f"{y}{m:02}{d:02}",  # year first: year, month, day
        f"{m}/{d}/{y}", f"{m:02}/{d:02}/{y}", f"{m}/{d}/{y % 100:02}", f"{m:02}/{d:02}/{y % 100:02}",  # slashes: month, day, year
        f"{d}.{m}.{y}", f"{d:02}.{m:02}.{y}", f"{d}.{m}.{y % 100:02}", f"{d:02}.{m:02}.{y % 100:02}",  # dots: day, month, year
    ])


def german(date, rng):
    month = month_de(date, rng)
    year = f"{date.year}" if rng.random() < 0.85 else f"{date.year % 100:02}"
    kind = rng.randrange(6)
    if kind == 0:
        return f"am {words.ordinal_de(date.day, 'en')} {month} {year}"
    if kind == 1:
        return f"der {words.ordinal_de(date.day, 'e')} {month} {year}"
    text = f"{date.day}. {month} {year}"
    return text if kind < 4 else f"am {text}" if kind == 4 else f"{words.WEEKDAYS_DE[date.weekday()]}, {text}"


def chinese(date, rng):
    y, m, d = date.year, date.month, date.day
    day = rng.choice("日日日号")
    kind = rng.randrange(6)
    if kind == 0:
        text = f"{words.year_zh(y)}年{words.number_zh(m)}月{words.number_zh(d)}{day}"
    elif kind == 1:
        text = f"{y}年{words.number_zh(m)}月{words.number_zh(d)}{day}"
    elif kind == 2:
        text = f"{y}年{m:02}月{d:02}{day}"
    elif kind == 3:
        text = f"{y % 100:02}年{m}月{d}{day}"
    else:
        text = f"{y}年{m}月{d}{day}"
    return text + words.WEEKDAYS_ZH[date.weekday()] if rng.random() < 0.1 else text


FORMS = [(day_month_en, 25), (month_day_en, 25), (spelled_en, 12), (dashed, 5), (numeric, 13), (german, 11), (chinese, 9)]
WRITTEN_EN = (day_month_en, month_day_en, spelled_en)
BEFORE = ["on {}", "due {}", "born {}", "by {}", "from {} on", "dated {}", "it was {}", "since {}", "paid {}", "see you {}"]
AFTER = ["{} please", "{} at noon", "{} (Rome)", "{} or so", "{}, 9am", "{}!", "{}, late", "{}."]


def write(date, rng):
    """The date as some person may write it."""
    form = rng.choices([f for f, _ in FORMS], [w for _, w in FORMS])[0]
    text = form(date, rng)
    if form not in WRITTEN_EN:
        return text
    if rng.random() < 0.12:
        weekday = words.WEEKDAYS_EN[date.weekday()]
        text = (weekday if rng.random() < 0.5 else weekday[:3]) + ", " + text
    if rng.random() < 0.15:
        text = rng.choice(BEFORE + AFTER).format(text)
    noise = rng.random()
    if noise < 0.15:
        text = text.lower()
    elif noise < 0.21:
        text = text.upper()
    elif noise < 0.26:
        text = text.replace(" ", "  ")
    elif noise < 0.31:
        text = text.replace(" ", rng.choice("-_"))
    elif noise < 0.36 and form is day_month_en:  # not month_day_en: "March 1 21" and "March 12 1" would be one
        text = text.replace(" ", "")
    return text


def make_rows(count, rng, eval_days, taken):
    """`count` rows whose prompts are not in `taken`; adds them to it."""
    rows = []
    while len(rows) < count:
        date = words.random_date(rng, eval_days)
        prompt = write(date, rng) + " ->"
        if prompt not in taken:
            taken.add(prompt)
            rows.append({"prompt": prompt, "completion": " " + date.isoformat()})
    return rows


def save(path, rows):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train-rows", type=int, default=5000)
    parser.add_argument("--eval-rows", type=int, default=200)
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    args = parser.parse_args()

    rng = random.Random(args.seed)
    taken = set()
    held_out = make_rows(args.eval_rows, rng, True, taken)
    train = make_rows(args.train_rows, rng, False, taken)

    assert not {r["prompt"] for r in train} & {r["prompt"] for r in held_out}
    assert not {r["completion"] for r in train} & {r["completion"] for r in held_out}
    save(args.out / "train.jsonl", train)
    save(args.out / "eval.jsonl", held_out)
    tokens = sum(len((r["prompt"] + r["completion"]).encode()) + 1 for r in train)
    print(f"{len(train)} training rows, {tokens} tokens; {len(held_out)} evaluation rows")


if __name__ == "__main__":
    main()
