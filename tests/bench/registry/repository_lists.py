"""Lists of repositories, searched and sorted, in a large store; one client, one question at a time."""

import http.client
import json
import statistics
import time
import urllib.parse

from figures import append, judged

MOST_MS = 100
# What generated_repository.h says is in the store.
QUESTIONS = {
    "rare term": "search=okapi&sort=lastModified&limit=20",
    "common term": "search=lora&sort=lastModified&limit=20",
    "term of one in five": "search=Qwen2.5&sort=lastModified&limit=100",
    "no match": "search=nothing-has-this-name&sort=lastModified&limit=20",
    "all": "sort=lastModified&limit=100",
    "all by creation": "sort=createdAt&limit=100",
    "all by name": "sort=id&limit=100",
    "large author": "author=author-0000&sort=lastModified&limit=100",
    "small author": "author=author-1000&sort=lastModified&limit=100",
    "author and term": "author=author-0000&search=sql&sort=lastModified&limit=20",
    "common label": "filter=peft&sort=lastModified&limit=20",
    "label of one in four": "filter=license:mit&sort=lastModified&limit=100",
    "rare label": "filter=okapi&sort=lastModified&limit=20",
    "no such label": "filter=nothing-has-this-label&sort=lastModified&limit=20",
    "two labels, a term": "filter=peft&filter=text-to-sql&search=llama&sort=lastModified&limit=20",
    "a thousand": "search=lora&sort=lastModified&limit=1000",
}
EMPTY = {"no match", "no such label"}
DEEP = {
    "deep, all": "sort=lastModified&limit=1000",
    "deep, common term": "search=lora&sort=lastModified&limit=1000",
    "deep, common label": "filter=peft&sort=lastModified&limit=1000",
}
DEEP_PAGES = 60  # of 1000, before the page that is timed


class Client:
    """One connection that stays open."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(url).netloc, timeout=60)

    def get(self, address):
        """(milliseconds until the answer is whole, its JSON, the address of the next page or None)."""
        begin = time.monotonic()
        self.connection.request("GET", address)
        answer = self.connection.getresponse()
        body = answer.read()
        passed = 1e3 * (time.monotonic() - begin)
        if answer.status != 200:
            raise RuntimeError(f"{address}: {answer.status} {body[:500]}")
        link = answer.getheader("Link")
        target = urllib.parse.urlparse(link[1:link.index(">")]) if link else None
        return passed, json.loads(body), target and f"{target.path}?{target.query}"


def measure_question(options, client, name, address):
    runs = [client.get(address) for _ in range(options.repetitions)]
    times, items = [run[0] for run in runs], len(runs[0][1])
    if (items == 0) != (name in EMPTY):
        raise RuntimeError(f"{name}: {items} repositories, which this store should not answer")
    append(options.json, {"part": "list", "question": name, "address": address, "items": items, "first_ms": times[0],
                          "median_ms": statistics.median(times), "worst_ms": max(times)})
    print(f"  {name:21} {items:5} items   first {times[0]:7.1f} ms   median {statistics.median(times):7.1f} ms   worst {max(times):7.1f} ms"
          + judged(max(times), "<", MOST_MS, "{} ms".format), flush=True)


def address_of_deep_page(client, question):
    """The page of 20 that comes after many of 1000: where clients get by following Link. A cursor does not know the limit."""
    address = f"/api/models?{question}"
    for _ in range(DEEP_PAGES):
        _, _, address = client.get(address)
    return address.replace("limit=1000", "limit=20")


def measure(options, registry):
    print(f"GET /api/models?...: one connection, {options.repetitions} times each")
    client = Client(registry.url)
    for name, question in QUESTIONS.items():
        measure_question(options, client, name, f"/api/models?{question}")
    for name, question in DEEP.items():
        measure_question(options, client, name, address_of_deep_page(client, question))
