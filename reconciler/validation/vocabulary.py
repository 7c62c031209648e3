"""The catalog, with what many packages ask of it worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.terms import CAPS
from reconciler.validation.problems import NEGATED, nearest, offered, slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.catalog import Catalog
    from reconciler.validation.problems import Problem


class Vocabulary(Struct, frozen=True):
    """A catalog.

    Attributes:
        features: Keys of all features.
        needs: What each feature requires, where it requires something.
        deprecated: Keys of features to move away from.
        ai: Keys of AI features.
    """

    catalog: Catalog
    features: frozenset[str]
    needs: Mapping[str, frozenset[str]]
    deprecated: frozenset[str]
    ai: frozenset[str]

    def feature_meant(self, word: str) -> str:
        """Return which feature was meant; an empty string where that cannot be told."""
        if word in self.catalog.limits:
            return f"it is a limit: put it under `limits`, with its number: `{word}: ...`"
        return _meant(word, {key: feature.title for key, feature in self.catalog.features.items()})

    def limit_meant(self, word: str) -> str:
        """Return which limit was meant; an empty string where that cannot be told."""
        if word in self.features:
            return f"it is a feature: list it under `features`: `- {word}`"
        if word in CAPS:
            return "move it out of `limits`, to the left: it is a key of the file"
        return _meant(word, {key: limit.title for key, limit in self.catalog.limits.items()})

    def term_meant(self, word: str) -> str:
        """Return which feature, limit or cap was meant; an empty string where that cannot be told."""
        features = {key: feature.title for key, feature in self.catalog.features.items()}
        limits = {key: limit.title for key, limit in self.catalog.limits.items()}
        return _meant(word, {**features, **limits, **{key: cap.title for key, cap in CAPS.items()}})

    def advised(self, problem: Problem, document: Any) -> Problem:
        """Return a problem with the form of a package file, with the key of the catalog that was meant."""
        match problem.rule, problem.path:
            case "bad-key", ("features", int(index)) if isinstance(document["features"][index], str):
                fix = self.feature_meant(document["features"][index])
            case "bad-key", ("limits", str(key)):
                fix = self.limit_meant(key)
            case "bad-key", ("acknowledge", int(index), str(verb)):
                fix = self.term_meant(document["acknowledge"][index][verb])
            case "unknown-key", (str(key),) if key in self.catalog.limits:
                fix = f"put it under `limits`, indented: `{key}: ...`"
            case "unknown-key", (str(key),) if key in self.features:
                fix = f"list it under `features`: `- {key}`"
            case _:
                fix = ""
        return replace(problem, fix=fix) if fix else problem

    def is_notable(self, on: set[str]) -> bool:
        """Whether one of these features is deprecated, or lacks what it requires."""
        lacking = any(key in on and not needed <= on for key, needed in self.needs.items())
        return lacking or not on.isdisjoint(self.deprecated)

    @classmethod
    def of(cls, catalog: Catalog) -> Vocabulary:
        """Work it out."""
        features = catalog.features.items()
        return cls(
            catalog=catalog,
            features=frozenset(catalog.features),
            needs={key: frozenset(feature.requires) for key, feature in features if feature.requires},
            deprecated=frozenset(key for key, feature in features if feature.deprecated),
            ai=frozenset(key for key, feature in features if feature.ai),
        )


def _meant(word: str, titles: Mapping[str, str]) -> str:
    """Look a word up among keys and titles, however it is spelled; several in one word lack their commas."""
    if NEGATED.match(word) or " - " in word:
        return ""
    slug = slug_of(word)
    by_name = {**{slug_of(title): key for key, title in titles.items()}, **{key: key for key in titles}}
    if slug in by_name:
        return f"write {by_name[slug]}"
    parts = word.split()
    if len(parts) > 1 and all(part in titles for part in parts):
        return f"put a comma between two keys: {', '.join(parts)}"
    return offered(dict.fromkeys(by_name[name] for name in nearest(slug, by_name)))
