"""Writes chat.json: what transformers' Jinja makes of chat templates, and of generated expressions and small templates.

Needs transformers and jinja2 (5.23 and 3.1.6 wrote the file that is here). Run it in this folder: python make_chat.py
"""

import copy
import datetime
import json
import pathlib
import random

from transformers.utils.chat_template_utils import _alias_reasoning_fields, _compile_jinja_template

from generated import generated_sources
from templates import TEMPLATES

NOW = datetime.datetime(2026, 7, 4, 12, 34, 56)
VARIABLES = {"bos_token": "<s>", "eos_token": "</s>"}
BEGIN, END = "\ue000", "\ue001"

TOOLS = [{"type": "function", "function": {
    "name": "rope_length", "description": "Length of a rope's <strand>",
    "parameters": {"type": "object", "properties": {
        "strands": {"type": "integer", "description": "How many"},
        "kind": {"type": "string", "enum": ["hemp", "síŝal"]},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
        "size": {"type": "object", "properties": {"w": {"type": "number"}}, "required": ["w"]}},
        "required": ["strands"]}}},
    {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {}}}]


def say(*texts, system=None):
    roles = ["user", "assistant"]
    head = [{"role": "system", "content": system}] if system is not None else []
    return head + [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]


def call(name, arguments, content=None):
    function = {"name": name, "arguments": arguments}
    return {"role": "assistant", "content": content, "tool_calls": [{"id": "a1b2c3d4e", "type": "function", "function": function}]}


def tool(content):
    return {"role": "tool", "content": content, "name": "rope_length", "tool_call_id": "a1b2c3d4e"}


CONVERSATIONS = {
    "one": say("Lay a rope."),
    "pair": say("Lay a rope.", "It is laid."),
    "system": say("Lay a rope.", "Laid.", system="You are a ropemaker."),
    "many": say("One?", "First.", "Two?", "Second.", "Three?", "Third.", system="  Count.  \n"),
    "open": say("One?", "First.", "Two?"),
    "spaces": say("  padded \n", " \n answer with space \t\n\n", "again", "\nlast\n"),
    "unicode": say("Größe 縄 👩‍👩‍👧 \u00a0?", "Übung — «нет» \u2028 \u200b é", "\u0001\t\"quoted\" 'too' \\n <b>&", "ok {{ x }} {% y %}"),
    "empty": say("Say nothing.", "", "And now?", "Now."),
    "same": say("rope", "rope", "rope", "rope"),
    "markers": say("assistant", "</s>", "user\n", "<|im_end|>"),
    "think": say("Why?", "<think>\nhemp\n</think>\n\nBecause.", "And?", "<think>\nmore\nlines\n</think>\n\nSo."),
    "think_open": say("Why?", "<think>\nhemp\n</think>\n\nBecause.", "And?"),
    "reasoning": [{"role": "user", "content": "Why?"},
                  {"role": "assistant", "content": "So.", "reasoning_content": "first\nthought", "thinking": "first\nthought"},
                  {"role": "user", "content": "More?"},
                  {"role": "assistant", "content": "Yes.", "reasoning_content": "second", "thinking": "second"}],
    "call": say("How long?") + [call("rope_length", {"strands": 3, "kind": "síŝal", "deep": {"a": [1, 2.5, None, True]}}), tool('{"m": 12.5}')]
    + say("", "It has 12.5 m.")[1:],
    "call_text": say("How long?") + [call("rope_length", {"strands": 3}, content="Let me see."), tool("twelve")] + say("", "Twelve.", "Thanks", "Welcome")[1:],
    "call_last": say("How long?") + [call("now", {})],
    "call_string": say("How long?") + [call("now", "{\"a\": 1}", content=""), tool("noon"), {"role": "assistant", "content": "Noon."}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": " Look: "}, {"type": "image"}, {"type": "text", "text": "what?"}]},
              {"role": "assistant", "content": [{"type": "text", "text": "A rope. "}]}],
    "twice": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "assistant", "content": "c"}],
    "first": [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Rope?"}],
}


def render(source, **variables):
    template = _compile_jinja_template(source)
    try:
        return template.render(**{"tools": None, "documents": None, "add_generation_prompt": False,
                                  "strftime_now": NOW.strftime, **VARIABLES, **variables})
    except Exception:
        return None


def spans_of(marked):
    """The text without markers, and the spans between them in bytes."""
    text, spans = b"", []
    for i, piece in enumerate(marked.split(BEGIN)):
        inside, _, after = piece.partition(END) if i else ("", "", piece)
        if i:
            spans.append([len(text), len(text) + len(inside.encode())])
        text += (inside + after).encode()
    return text.decode(), spans


def template_cases():
    cases = []
    for name, source in TEMPLATES.items():
        plain = source.replace("«", "").replace("»", "")
        for conversation, messages in CONVERSATIONS.items():
            for with_tools in (False, True):
                if with_tools and conversation not in ("pair", "system", "call", "call_text", "open"):
                    continue
                for prompt in (False, True):
                    inputs = {"messages": messages, "tools": TOOLS if with_tools else None, "add_generation_prompt": prompt}
                    text = render(plain, **inputs)
                    cases.append({"template": name, "conversation": conversation, "tools": with_tools, "prompt": prompt, "text": text})
    return cases


def prepared(messages):
    """As apply_chat_template prepares messages."""
    return _alias_reasoning_fields([{key: value for key, value in message.items() if value is not None} for message in messages])


def span_cases():
    cases = []
    for name, source in TEMPLATES.items():
        if "«" not in source:
            continue
        marked = source.replace("«", BEGIN).replace("»", END)
        for conversation, messages in CONVERSATIONS.items():
            for tools in (None, TOOLS):
                if tools and conversation not in ("pair", "system", "call", "call_text", "open"):
                    continue
                text = render(marked, messages=prepared(messages), tools=tools)
                if text is None:
                    continue
                plain, spans = spans_of(text)
                assert plain == render(source.replace("«", "").replace("»", ""), messages=prepared(messages), tools=tools), (name, conversation)
                said = [plain.encode()[begin:end].decode().rstrip(" \t\n\r\v\f") for begin, end in spans]
                cases.append({"template": name, "conversation": conversation, "tools": tools is not None, "said": said})
    return cases


def generated_cases():
    sources = generated_sources(random.Random(20260704))
    inputs = {"messages": CONVERSATIONS["call"], "tools": TOOLS, "x": 7, "y": -2.5, "s": " Rope,walk\n", "e": "", "u": "Größe 縄",
              "l": [3, 1, 2], "d": {"b": 1, "a": [1, {"k": None}], "C": "z"}, "t": True, "n": None}
    cases = []
    for source in sources:
        try:
            text = render(source, **copy.deepcopy(inputs))  # indent changes a list that it is given
        except Exception:
            text = None  # not even parsed
        if text is not None and (" at 0x" in text or len(text) > 400):
            continue
        cases.append([source, text])
    variables = {name: value for name, value in inputs.items() if name not in ("messages", "tools")}
    return {"conversation": "call", "variables": variables, "cases": cases}


def main():
    golden = {
        "now": NOW.isoformat(), "variables": VARIABLES, "tools": TOOLS, "conversations": CONVERSATIONS,
        "templates": {name: source.replace("«", "").replace("»", "") for name, source in TEMPLATES.items()},
        "cases": template_cases(), "spans": span_cases(), "generated": generated_cases(),
    }
    path = pathlib.Path(__file__).with_name("chat.json")
    path.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")
    texts = [case for case in golden["generated"]["cases"] if case[1] is not None]
    print(len(golden["cases"]), "renderings,", len(golden["generated"]["cases"]), "generated,", len(texts), "of them without error,",
          path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
