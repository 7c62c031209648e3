"""Hypothesis strategies for values of the domain, drawn from a vocabulary small enough to collide."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.packages import Definition
from reconciler.model.terms import CAPS

FEATURES = ("chat", "calls", "sessions", "agent")
LIMITS = ("sessions", "minutes")
EMAILS = ("ana@x.example", "ben@x.example", "cas@y.example")

quantities = st.one_of(st.integers(0, 5), st.just("unlimited"))


def definitions() -> st.SearchStrategy[Definition]:
    emails = st.lists(st.sampled_from(EMAILS), min_size=1, unique=True)
    return st.fixed_dictionaries(
        {
            "title": st.sampled_from(["Basic", "Pro"]),
            "user_count": st.one_of(st.integers(1, 5), st.just("unlimited")),
        },
        optional={
            "description": st.sampled_from(["", "More."]),
            "features": st.lists(st.sampled_from(FEATURES), unique=True),
            "limits": st.dictionaries(st.sampled_from(LIMITS), quantities),
            "ai_credits": quantities,
            "expiry": st.sampled_from(["1 day", "30 days", "1 month", "4 weeks", "1 year"]),
            "allowed_emails": st.one_of(st.just("any"), emails),
        },
    ).map(Definition.normalised)


def sound_definitions() -> st.SearchStrategy[Definition]:
    """Definitions that the catalog of `tests.shop` has nothing to say against."""
    return definitions().map(_sound)


def _sound(definition: Definition) -> Definition:
    capped = {"sessions": "sessions", "minutes": "calls"}
    limits = {key: cap for key, cap in definition.limits.items() if capped[key] in definition.features}
    has_ai = "agent" in definition.features
    caps = {key: cap for key, cap in definition.caps.items() if has_ai or not CAPS[key].beside}
    return replace(definition, limits=limits, caps=caps)
