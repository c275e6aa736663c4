from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provendor.probes.alerts import About, Alert, Kind, Rules, Told, decide, text, title
from provendor.probes.history import Transition, Watched
from provendor.probes.states import BAD
from provendor.verdict import Outcome, Party

NOW = 1_795_608_000.0
LIST = Watched("chatwoot", "conversations.list", "ok", "production")
LETTERS = {"p": Outcome.PASS, "w": Outcome.WARN, "f": Outcome.FAIL, "e": Outcome.ERROR}
RULES = Rules(remind_s=4 * 3600, flaps=4, flaps_within_s=600, calm_s=900)


def transitions(states: str, every_s: float = 3600.0) -> list[Transition]:
    """`pfp`: one transition for each state but the first, the first at NOW."""
    outcomes = [LETTERS[letter] for letter in states]
    return [
        Transition(LIST, NOW + number * every_s, before, after, number=number + 1)
        for number, (before, after) in enumerate(pairwise(outcomes))
    ]


def kinds(alerts: list[Alert]) -> list[tuple[Kind, int]]:
    return [(each.kind, each.transition.number) for each in alerts]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("pf", [Kind.DOWN]),
        ("pe", [Kind.DOWN]),
        ("pfp", [Kind.DOWN, Kind.RECOVERED]),
        ("pw", [Kind.DEGRADED]),
        ("pwf", [Kind.DEGRADED, Kind.DOWN]),
        ("pfw", [Kind.DOWN, Kind.DEGRADED]),
        ("pfwp", [Kind.DOWN, Kind.DEGRADED, Kind.RECOVERED]),
        ("pwp", [Kind.DEGRADED, Kind.RECOVERED]),
    ],
)
def test_each_transition_is_told_once(states: str, expected: list[Kind]):
    """Also where several came before anybody looked."""
    known = transitions(states)
    told, alerts = decide(Told(Outcome.PASS), known, known[-1].at, quiet=False, rules=RULES)

    assert kinds(alerts) == [(kind, number) for number, kind in enumerate(expected, 1)]
    assert decide(told, known, known[-1].at + 60, quiet=False, rules=RULES) == (told, [])


def test_a_probe_that_begins_well_is_no_news():
    """One that begins badly is."""
    good = Transition(LIST, NOW, None, Outcome.PASS, number=1)

    assert decide(Told(), [good], NOW, quiet=False, rules=RULES) == (Told(Outcome.PASS, 1), [])
    assert kinds(decide(Told(), [good._replace(after=Outcome.FAIL)], NOW, quiet=False, rules=RULES)[1]) == [
        (Kind.DOWN, 1)
    ]


def test_what_nobody_was_told_of_before_is_told_once_as_it_is_now():
    """A prober that alerts for the first time does not tell the story of a year."""
    known = transitions("pfpfpf")
    told, alerts = decide(Told(transition=5), known, NOW + 9e4, quiet=False, rules=RULES)

    assert kinds(alerts) == [(Kind.DOWN, 5)]
    assert told == Told(Outcome.FAIL, 5, NOW + 9e4)


def test_a_trouble_that_goes_on_is_told_again_now_and_then():
    """With a key of its own each time."""
    known = transitions("pf")
    told, _ = decide(Told(Outcome.PASS), known, NOW, quiet=False, rules=RULES)
    assert decide(told, known, NOW + 4 * 3600 - 1, quiet=False, rules=RULES)[1] == []

    told, first = decide(told, known, NOW + 4 * 3600, quiet=False, rules=RULES)
    told, between = decide(told, known, NOW + 7 * 3600, quiet=False, rules=RULES)
    told, second = decide(told, known, NOW + 8 * 3600, quiet=False, rules=RULES)

    assert kinds(first + between + second) == [(Kind.REMINDER, 1), (Kind.REMINDER, 1)]
    assert first[0].key != second[0].key


def test_a_degraded_probe_is_not_told_again():
    """It works."""
    known = transitions("pw")
    told, _ = decide(Told(Outcome.PASS), known, NOW, quiet=False, rules=RULES)

    assert decide(told, known, NOW + 9e4, quiet=False, rules=RULES)[1] == []


def test_a_probe_that_changes_too_often_is_told_once_and_again_when_it_has_calmed_down():
    """Four changes within ten minutes are too many; a quarter of an hour without one is calm."""
    known = transitions("pfpfpfpf", every_s=60)
    told, alerts = decide(Told(Outcome.PASS), known, NOW + 420, quiet=False, rules=RULES)

    assert kinds(alerts) == [(Kind.DOWN, 1), (Kind.RECOVERED, 2), (Kind.DOWN, 3), (Kind.FLAPPING, 4)]
    assert decide(told, known, known[-1].at + 899, quiet=False, rules=RULES) == (told, [])
    told, alerts = decide(told, known, known[-1].at + 900, quiet=False, rules=RULES)
    assert kinds(alerts) == [(Kind.STEADY, 7)]
    assert told == Told(Outcome.FAIL, 7, known[-1].at + 900)


def test_in_a_maintenance_window_nothing_is_told():
    """What has mended itself by its end was never told, what has not is told then, with the moment it began."""
    known = transitions("pfp", every_s=60)
    told, alerts = decide(Told(Outcome.PASS), known, NOW + 60, quiet=True, rules=RULES)
    assert alerts == []
    assert decide(told, known, NOW + 3600, quiet=False, rules=RULES)[1] == []

    told, alerts = decide(Told(Outcome.PASS), known[:1], NOW, quiet=True, rules=RULES)
    assert alerts == []
    told, alerts = decide(told, known[:1], NOW + 3600, quiet=False, rules=RULES)
    assert kinds(alerts) == [(Kind.DOWN, 1)]
    assert told.outcome is Outcome.FAIL


def test_a_recovery_in_a_window_is_told_after_it():
    """Whoever was told that it is down must not believe so for ever."""
    known = transitions("pfp", every_s=60)
    told, _ = decide(Told(Outcome.PASS), known[:1], NOW, quiet=False, rules=RULES)
    told, alerts = decide(told, known, NOW + 60, quiet=True, rules=RULES)
    assert alerts == []

    assert kinds(decide(told, known, NOW + 3600, quiet=False, rules=RULES)[1]) == [(Kind.RECOVERED, 2)]


def test_a_reminder_tells_what_is_so_now():
    """Trouble that went and came back as another one while it was quiet."""
    known = transitions("pfpe", every_s=60)
    told, _ = decide(Told(Outcome.PASS), known[:1], NOW, quiet=False, rules=RULES)
    told, _ = decide(told, known, NOW + 120, quiet=True, rules=RULES)

    told, alerts = decide(told, known, NOW + RULES.remind_s, quiet=False, rules=RULES)

    assert kinds(alerts) == [(Kind.REMINDER, 3)]
    assert told.outcome is Outcome.ERROR


events = st.lists(st.tuples(st.sampled_from("pwfe"), st.floats(1, 4000), st.booleans()), max_size=30)


@given(events)
def test_whatever_happens_nothing_is_told_twice_and_in_the_end_people_know(happened: list[tuple[str, float, bool]]):
    """With windows and flapping in between: once it is calm and no window is open, people believe what is true."""
    told, keys, now = Told(), list[str](), NOW
    known: list[Transition] = []
    state = None
    for letter, passed, quiet in happened:
        now += passed
        outcome = LETTERS[letter]
        if outcome is not state and not (outcome in BAD and state in BAD):
            known.append(Transition(LIST, now, state, outcome, number=len(known) + 1))
            state = outcome
        told, alerts = decide(told, known, now, quiet=quiet, rules=RULES)
        keys += [each.key for each in alerts]
        assert not (quiet and alerts)
        assert len(alerts) <= 1
    told, alerts = decide(told, known, now + RULES.calm_s, quiet=False, rules=RULES)
    keys += [each.key for each in alerts]

    assert told.outcome is state
    assert len(set(keys)) == len(keys)


# --- the text -----------------------------------------------------------------------------------------------------------


def a_transition(**changes: Any) -> Transition:
    """Chatwoot answers with 503 since a quarter of an hour."""
    known: dict[str, Any] = {
        "last_good": NOW - 60,
        "code": "vendor-down",
        "party": Party.VENDOR,
        "reason": "status: expected 200, got 503",
        "why": "it answered with 503, while 3 other vendors answered well",
        "run": "r1",
        "number": 7,
    }
    return Transition(LIST, NOW, Outcome.PASS, Outcome.FAIL, **{**known, **changes})


ABOUT = About("Chatwoot", "integrations", "https://wiki.example/chatwoot")


def test_an_alert_tells_what_somebody_needs_at_night():
    """What, since when, last good, whose fault, what to type, where to read on, whom to ask."""
    alert = Alert(Kind.DOWN, a_transition(), "7 down")

    assert title(alert) == "DOWN chatwoot/conversations.list (vendor)"
    assert text(alert, ABOUT, [], NOW + 900).splitlines() == [
        "Chatwoot: chatwoot/conversations.list:ok in production",
        "what:      pass -> fail, status: expected 200, got 503",
        "since:     2026-11-25 12:00 UTC (15 min)",
        "last good: 2026-11-25 11:59 UTC",
        "blame:     vendor: it answered with 503, while 3 other vendors answered well",
        "rerun:     provendor probe chatwoot/conversations.list",
        "history:   provendor history chatwoot/conversations.list --since 24h",
        "runbook:   https://wiki.example/chatwoot",
        "owner:     integrations",
    ]


def test_a_recovery_tells_how_long_the_trouble_was():
    """And blames nobody."""
    up = Transition(LIST, NOW + 1800, Outcome.FAIL, Outcome.PASS, NOW, number=8)
    told = text(Alert(Kind.RECOVERED, up, "8"), About("Chatwoot"), [a_transition(), up], NOW + 1860)

    assert title(Alert(Kind.RECOVERED, up, "8")) == "RECOVERED chatwoot/conversations.list"
    assert "was down:  since 2026-11-25 12:00 UTC, for 30 min" in told
    assert "blame" not in told
    assert "runbook" not in told


def test_a_degraded_probe_tells_what_is_wrong_with_it():
    """It can still be relied on, so that it has no last good answer and was not down."""
    slow = "latency: expected at most 800 ms, got 1200 ms"
    late = a_transition(reason=slow, why="it took longer than the contract allows")._replace(after=Outcome.WARN)
    alert = Alert(Kind.DEGRADED, late, "7 degraded")

    assert title(alert) == "DEGRADED chatwoot/conversations.list (vendor)"
    assert text(alert, ABOUT, [], NOW + 900).splitlines()[1:5] == [
        f"what:      pass -> warn, {slow}",
        "since:     2026-11-25 12:00 UTC (15 min)",
        "blame:     vendor: it took longer than the contract allows",
        "rerun:     provendor probe chatwoot/conversations.list",
    ]


def test_a_recovery_that_is_not_whole_tells_what_was_and_what_is_still_wrong():
    """It was down, and is too slow now."""
    late = Transition(
        LIST, NOW + 600, Outcome.FAIL, Outcome.WARN, NOW, "latency", Party.VENDOR, "slow", "r2", "late", 8
    )
    told = text(Alert(Kind.DEGRADED, late, "8"), ABOUT, [a_transition(), late], NOW + 660)

    assert "was down:  since 2026-11-25 12:00 UTC, for 10 min" in told
    assert "blame:     vendor: late" in told


def test_what_is_not_known_is_said_to_be_not_known():
    """Nobody was good before, and nobody can tell whose fault it is."""
    told = text(Alert(Kind.DOWN, a_transition(last_good=None, party=None, why=None), "7"), ABOUT, [], NOW)

    assert "last good: never, as far as is known" in told
    assert "blame:     not known" in told


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.FLAPPING, "it changes too often (pass -> fail just now): nothing more is told until it has calmed down"),
        (Kind.STEADY, "it has calmed down, and stands at fail"),
    ],
)
def test_flapping_and_calm_are_told_in_words(kind: Kind, said: str):
    """They are not about one transition."""
    assert f"what:      {said}\n" in text(Alert(kind, a_transition(), "7"), ABOUT, [], NOW)


def test_what_a_vendor_sent_can_do_nothing_in_an_alert():
    """No line of its own, no control character."""
    told = text(Alert(Kind.DOWN, a_transition(reason="a\nrunbook: https://evil.example\x1b[2J"), "7"), ABOUT, [], NOW)

    assert "a\\nrunbook: https://evil.example\\x1b[2J" in told
    assert len(told.splitlines()) == 9
