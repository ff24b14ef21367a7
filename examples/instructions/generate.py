#!/usr/bin/env python3
"""Writes messages.jsonl, alpaca.jsonl and sharegpt.jsonl: small instructions with their answers, in three formats that datasets come in.

The tasks are made up: sums, sorting, spelling, kinds of things, opposites, units, counting, and tools for the weather and for prices, in
English with some German and French. The same seed writes the same bytes. Nothing here is meant to be worth learning; it is meant to
look like what people train on.
"""

import argparse
import json
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent

KINDS = {
    "animals": "horse dog otter hen goose cat mouse bee crow trout".split(),
    "fruits": "apple pear plum cherry lemon grape fig melon".split(),
    "colours": "red blue green white black yellow grey brown".split(),
    "tools": "hammer saw chisel needle spade axe file anvil".split(),
}
OPPOSITES = {"hot": "cold", "early": "late", "heavy": "light", "open": "closed", "wet": "dry", "loud": "quiet", "near": "far", "full": "empty"}
GERMAN = {"horse": "das Pferd", "dog": "der Hund", "cat": "die Katze", "apple": "der Apfel", "pear": "die Birne", "hammer": "der Hammer", "bee": "die Biene"}
FRENCH = {"horse": "le cheval", "dog": "le chien", "cat": "le chat", "apple": "la pomme", "pear": "la poire", "lemon": "le citron", "bee": "l'abeille"}
TOWNS = "Lübeck Nantes Cork Bergen Gdańsk Porto Århus Tromsø".split()
GOODS = "rope canvas tar hemp twine anchors oars lanterns".split()
SKIES = ["clear", "cloudy", "rain 🌧", "fog", "wind from the north", "snow ❄️"]
UNITS = [("metres", "centimetres", 100), ("kilograms", "grams", 1000), ("hours", "minutes", 60), ("feet", "inches", 12), ("dozens", "pieces", 12)]
SYSTEMS = ["You answer briefly.", "You are a patient teacher.", "Answer in one line.", "You help on a ship."]
EVERYTHING = [thing for things in KINDS.values() for thing in things]

WEATHER = {"type": "function", "function": {
    "name": "weather", "description": "The sky over a town today.",
    "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}}}
PRICE = {"type": "function", "function": {
    "name": "price", "description": "What so many of some goods cost.",
    "parameters": {"type": "object", "properties": {"goods": {"type": "string"}, "count": {"type": "integer"}}, "required": ["goods", "count"]}}}


# A task is (instruction, input, answer); the input may be empty.

def add(rng):
    a, b = rng.randrange(2, 90), rng.randrange(2, 90)
    return "Add the two numbers.", f"{a} and {b}", f"{a} + {b} = {a + b}"


def sort_words(rng):
    words = rng.sample(EVERYTHING, rng.randrange(3, 6))
    return "Put the words in alphabetical order.", ", ".join(words), ", ".join(sorted(words))


def spell(rng):
    word = rng.choice(EVERYTHING)
    return f"Spell the word {word}.", "", "-".join(word.upper())


def kind(rng):
    name = rng.choice(sorted(KINDS))
    things = rng.sample(KINDS[name], rng.randrange(2, 4))
    return f"Name {len(things)} {name}.", "", "\n".join(f"{i}. {thing}" for i, thing in enumerate(things, 1))


def opposite(rng):
    word = rng.choice(sorted(OPPOSITES))
    return "What is the opposite of this word?", word, f"The opposite of {word} is {OPPOSITES[word]}."


def translate(rng):
    language, words = rng.choice([("German", GERMAN), ("French", FRENCH)])
    word = rng.choice(sorted(words))
    return f"Translate into {language}.", word, words[word]


def convert(rng):
    large, small, factor = rng.choice(UNITS)
    count = rng.randrange(2, 12)
    return f"How many {small} are {count} {large}?", "", f"{count} {large} are {count * factor} {small}."


def count_letters(rng):
    word = rng.choice(EVERYTHING)
    letter = rng.choice(word)
    return f"Write a line of Python that counts the letter {letter!r} in {word!r}.", "", f"```python\nprint({word!r}.count({letter!r}))  # {word.count(letter)}\n```"


TASKS = [add, sort_words, spell, kind, opposite, translate, convert, count_letters]


def alpaca_row(rng):
    instruction, given, answer = rng.choice(TASKS)(rng)
    row = {"instruction": instruction, "input": given, "output": answer}
    if rng.random() < 0.15:
        row["system"] = rng.choice(SYSTEMS)
    if rng.random() < 0.1:
        before = rng.choice(TASKS)(rng)
        row["history"] = [[question(before), before[2]]]
    return row


def question(task):
    return task[0] + (" " + task[1] if task[1] else "")


def call(rng):
    """A question that needs a tool: the tool, its arguments, its answer and what the assistant then says."""
    if rng.random() < 0.5:
        town, sky = rng.choice(TOWNS), rng.choice(SKIES)
        return f"What is the weather in {town}?", "weather", {"town": town}, json.dumps({"sky": sky}, ensure_ascii=False), f"In {town} there is {sky} today."
    goods, count, each = rng.choice(GOODS), rng.randrange(2, 30), rng.randrange(2, 9)
    return f"What do {count} {goods} cost?", "price", {"goods": goods, "count": count}, json.dumps({"total": count * each}), f"{count} {goods} cost {count * each} crowns."


def messages_row(rng):
    if rng.random() < 0.25:
        asked, name, arguments, answer, said = call(rng)
        function = {"type": "function", "function": {"name": name, "arguments": arguments}}
        return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": "", "tool_calls": [function]},
                             {"role": "tool", "name": name, "content": answer}, {"role": "assistant", "content": said}],
                "tools": [WEATHER, PRICE]}
    messages = [{"role": "system", "content": rng.choice(SYSTEMS)}] if rng.random() < 0.4 else []
    for _ in range(rng.choice([1, 1, 2, 3])):
        task = rng.choice(TASKS)(rng)
        messages += [{"role": "user", "content": question(task)}, {"role": "assistant", "content": task[2]}]
    return {"messages": messages}


def sharegpt_row(rng):
    turns = []
    if rng.random() < 0.2:
        asked, name, arguments, answer, said = call(rng)
        turns = [{"from": "human", "value": asked},
                 {"from": "function_call", "value": json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)},
                 {"from": "observation", "value": answer}, {"from": "gpt", "value": said}]
        return {"conversations": turns, "tools": json.dumps([WEATHER, PRICE])}
    for _ in range(rng.choice([1, 2, 2])):
        task = rng.choice(TASKS)(rng)
        turns += [{"from": "human", "value": question(task)}, {"from": "gpt", "value": task[2]}]
    row = {"conversations": turns}
    if rng.random() < 0.3:
        row["system"] = rng.choice(SYSTEMS)
    return row


def write(folder, name, make, rows, seed):
    rng = random.Random(f"{seed} {name}")
    lines = [json.dumps(make(rng), ensure_ascii=False) for _ in range(rows)]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=pathlib.Path, default=HERE, help="folder to write into")
    parser.add_argument("--rows", type=int, default=900, help="rows of each file")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    for name, make in [("messages.jsonl", messages_row), ("alpaca.jsonl", alpaca_row), ("sharegpt.jsonl", sharegpt_row)]:
        write(options.to, name, make, options.rows, options.seed)


if __name__ == "__main__":
    main()
