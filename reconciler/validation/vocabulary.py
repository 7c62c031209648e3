"""The catalog, with what many packages ask of it worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A catalog.

    Attributes:
        features: Keys of all features.
        notable: Keys of features that require something, or are deprecated.
        ai: Keys of AI features.
    """

    catalog: Catalog
    features: frozenset[str]
    notable: frozenset[str]
    ai: frozenset[str]

    @classmethod
    def of(cls, catalog: Catalog) -> Vocabulary:
        """Work it out."""
        features = catalog.features.items()
        return cls(
            catalog=catalog,
            features=frozenset(catalog.features),
            notable=frozenset(key for key, feature in features if feature.requires or feature.deprecated),
            ai=frozenset(key for key, feature in features if feature.ai),
        )
