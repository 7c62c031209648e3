"""The files that people write, as strict frozen pydantic models: the source of the published JSON Schemas.

Nothing here is imported to read files: `validation/schemas` holds the generated schemas for that. Nothing
here knows what a file *means*; the frozen dataclasses beside this package do.
"""

from reconciler.model.documents.catalog import CatalogDocument
from reconciler.model.documents.package import PackageDocument
from reconciler.model.documents.settings import SettingsDocument

__all__ = ["CatalogDocument", "PackageDocument", "SettingsDocument"]
