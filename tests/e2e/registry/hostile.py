"""Attacks one registry with hostile input, one attack after another; run.py starts it.

An attack is a function that raises AssertionError if the registry does not behave: it must say what is wrong with 4xx and, where the route is
the Hub's, with {"error": ...}; it must live on, answer others, and take no more memory than stated.
"""

import time
import traceback

import adapters
import bodies
import cards
import commits
import framing
import hub_calls
import json_bombs
import listings
import names
import slow
import xet

MOST_MEMORY = 64  # MiB that an attack may make the process grow, at its peak, unless the attack states another bound
MODULES = (names, framing, json_bombs, commits, cards, listings, adapters, xet, bodies, slow)
ATTACKS = [attack for module in MODULES for attack in module.ATTACKS]


def run(registry, only, light):
    """Makes the attacks whose names contain `only`; without those that take much time or many connections if `light`. Returns how many failed."""
    failures = 0
    hub_calls.prepare(registry)
    for name, attack, *bound in ATTACKS:
        if only in name and not (light and getattr(attack, "heavy", False)):
            failures += not _make(registry, name, attack, bound[0] if bound else MOST_MEMORY)
    return failures


def _make(registry, name, attack, bound):
    registry.forget_peak()
    before, begin = registry.memory("VmRSS"), time.monotonic()
    told = ""
    problem = None
    try:
        told = attack(registry) or ""
        registry.assert_alive("after the attack")
        _check_service(registry)
        growth = registry.memory("VmHWM") - before
        told = f"{told}{', ' if told else ''}{growth:+.0f} of {bound} MiB"
        assert growth <= bound, f"memory grows by {growth:.0f} MiB at its peak, more than {bound}"
    except AssertionError as error:
        problem = str(error)
    except Exception:  # A connection that breaks where an answer was due, or a mistake here.
        problem = traceback.format_exc(limit=-4)
    if problem is not None and registry.ends_soon():
        problem += f"; the registry has ended with {registry.process.returncode}"
    print(f"{'ok' if problem is None else 'FAIL':4} {time.monotonic() - begin:6.1f} s  {name}: {told if problem is None else problem}", flush=True)
    _start_afresh(registry)
    return problem is None


def _start_afresh(registry):
    """If it has ended, or what it has kept of this attack's memory would hide what the next one takes."""
    if not registry.has_ended():
        if registry.memory("VmRSS") < registry.fresh_memory + MOST_MEMORY / 4:
            return
        registry.stop()
    registry.start()
    hub_calls.prepare(registry)


def _check_service(registry):
    begin = time.monotonic()
    assert registry.ask("GET", "/livez").status == 200
    assert hub_calls.read(registry, hub_calls.ID, "notes.txt").body == hub_calls.NOTES, "a file has changed"
    assert time.monotonic() - begin < 2, "others are not answered in time"
