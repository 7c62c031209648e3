"""The published JSON Schemas, generated from the models of the files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue

from reconciler.errors import WrongUsageError
from reconciler.model.documents import CatalogDocument, PackageDocument, SettingsDocument
from reconciler.model.plans import Plan
from reconciler.sources.edits import write_within
from reconciler.validation.editor_schema import editor_schema

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel
    from pydantic_core import core_schema

    from reconciler.model.catalog import Catalog

_MODELS: Final[dict[str, type[BaseModel]]] = {
    "package": PackageDocument,
    "catalog": CatalogDocument,
    "reconciler": SettingsDocument,
    "plan": Plan,
}
KINDS: Final = tuple(_MODELS)


class _WithoutNull(GenerateJsonSchema):
    """In files, what is optional is left out; `null` is refused (rule 12)."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = super().default_schema(schema)
        default = inner.pop("default", None)
        if isinstance(default, dict):
            default = {name: value for name, value in default.items() if value is not None}
        return inner if default is None else {**inner, "default": default}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Refuse keys that do not match: pydantic does, and would not say so in the schema."""
        inner = super().dict_schema(schema)
        return {**inner, "additionalProperties": False} if "patternProperties" in inner else inner

    def generate(
        self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation"
    ) -> JsonSchemaValue:
        return {"$schema": self.schema_dialect, **super().generate(schema, mode)}


class _Dialect(GenerateJsonSchema):
    """Plans are written by this program, in full: `null` is a value there."""

    def generate(
        self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation"
    ) -> JsonSchemaValue:
        return {"$schema": self.schema_dialect, **super().generate(schema, mode)}


def schema(kind: str, catalog: Catalog | None = None) -> str:
    """Return the JSON Schema (2020-12) of one of `KINDS`, as the text of its file.

    Args:
        kind: Which one.
        catalog: The one whose features and limits the schema of a package knows; None: any key.

    Raises:
        WrongUsageError: There is no such kind.
    """
    model = _MODELS.get(kind)
    if model is None:
        raise WrongUsageError(f"there is no schema {kind!r}", hint=f"one of: {', '.join(KINDS)}")
    generator = _Dialect if model is Plan else _WithoutNull
    document: dict[str, Any] = model.model_json_schema(schema_generator=generator)
    if catalog is not None and model is PackageDocument:
        document = editor_schema(document, catalog)
    return json.dumps(document, indent=2) + "\n"


def write_schemas(folder: Path, catalog: Catalog | None = None) -> tuple[Path, ...]:
    """Write every schema as `KIND.schema.json` into `folder`, and return the files."""
    files = {f"{kind}.schema.json": schema(kind, catalog) for kind in KINDS}
    for file, text in files.items():
        write_within(folder, file, text.encode())
    return tuple(folder / file for file in files)
