"""The catalog, with what many packages ask of it worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Vocabulary:
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
