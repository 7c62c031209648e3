from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from reconciler.engine.schema import KINDS, schema, write_schemas
from reconciler.errors import WrongUsageError
from reconciler.model.documents import CatalogDocument, PackageDocument, SettingsDocument
from reconciler.validation.explanation import explain
from reconciler.validation.wording import PATTERNS

if TYPE_CHECKING:
    from pydantic import BaseModel

ROOT = Path(__file__).parents[2]
MODELS: dict[str, type[BaseModel]] = {
    "package": PackageDocument,
    "catalog": CatalogDocument,
    "reconciler": SettingsDocument,
}
WORDS = st.sampled_from(
    [
        "chat",
        "Chat",
        "a-b",
        "",
        " ",
        "x\n",
        "unlimited",
        "any",
        "keep",
        "5%",
        "0%",
        "14 days",
        "2w",
        "expiry",
        "2026-12-31",
        "2026-13-01",
        "allowed_emails",
        "sqlite:///x",
        "a" * 121,
        "reassign",
        "losing",
        "cycle",
    ]
)
SCALARS = st.one_of(WORDS, st.booleans(), st.integers(-2, 3), st.just(2**53), st.just(2**53 - 1))
KEYS = st.sampled_from(
    [
        "title",
        "user_count",
        "features",
        "limits",
        "ai_credits",
        "expiry",
        "allowed_emails",
        "renamed_from",
        "archived",
        "rollout",
        "acknowledge",
        "existing_clients",
        "per_run",
        "exclude",
        "removes",
        "lowers",
        "shortens",
        "narrows",
        "archives",
        "clients",
        "reason",
        "until",
        "environments",
        "platform",
        "token_env",
        "guards",
        "clients_losing",
        "protected",
        "description",
        "ai",
        "requires",
        "per",
        "unit",
        "feature",
        "price",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
ACKNOWLEDGEMENTS = st.fixed_dictionaries(
    {"clients": SCALARS, "reason": WORDS, "until": WORDS},
    optional={"removes": WORDS, "lowers": WORDS, "shortens": WORDS, "narrows": WORDS, "archives": WORDS},
)
PACKAGES = st.fixed_dictionaries(
    {"title": WORDS, "user_count": SCALARS},
    optional={
        "features": st.lists(WORDS, max_size=3),
        "limits": st.dictionaries(WORDS, SCALARS, max_size=3),
        "ai_credits": SCALARS,
        "expiry": WORDS,
        "allowed_emails": WORDS | st.lists(WORDS, max_size=3),
        "renamed_from": WORDS,
        "archived": SCALARS,
        "rollout": st.dictionaries(KEYS, SCALARS, max_size=2),
        "acknowledge": st.lists(ACKNOWLEDGEMENTS, max_size=2),
    },
)
SETTINGS = st.fixed_dictionaries(
    {
        "environments": st.dictionaries(
            WORDS,
            st.fixed_dictionaries(
                {"platform": WORDS},
                optional={"token_env": WORDS, "guards": st.dictionaries(KEYS, VALUES, max_size=3)},
            ),
            max_size=2,
        )
    },
    optional={"packages": WORDS, "default_environment": WORDS},
)
FEATURES = st.fixed_dictionaries(
    {"title": WORDS},
    optional={"ai": SCALARS, "requires": st.lists(WORDS, max_size=2), "replaced_by": WORDS},
)
CATALOGS = st.fixed_dictionaries(
    {},
    optional={
        "features": st.dictionaries(WORDS, FEATURES, max_size=2),
        "limits": st.dictionaries(WORDS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=2),
    },
)


def fits_model(kind: str, document: Any) -> bool:
    try:
        MODELS[kind].model_validate_json(json.dumps(document))
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("folder", ["schemas", "reconciler/validation/schemas"])
def test_a_published_schema_equals_its_model(kind: str, folder: str) -> None:
    assert (ROOT / folder / f"{kind}.schema.json").read_text(encoding="utf-8") == schema(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_a_schema_that_explains_every_key(kind: str) -> None:
    document = json.loads(schema(kind))

    Draft202012Validator.check_schema(document)
    if kind != "plan":
        for part in (document, *document["$defs"].values()) if "$defs" in document else (document,):
            assert all("description" in entry or "$ref" in entry for entry in part["properties"].values())


def test_all_schemas_are_written(tmp_path: Path) -> None:
    paths = write_schemas(tmp_path / "new")

    assert [path.name for path in paths] == [f"{kind}.schema.json" for kind in KINDS]
    assert all(path.read_text(encoding="utf-8") for path in paths)


def test_a_schema_that_does_not_exist_is_wrong_usage() -> None:
    with pytest.raises(WrongUsageError, match="there is no schema 'client'"):
        schema("client")


@given(
    st.one_of(
        st.tuples(st.just("package"), PACKAGES | VALUES),
        st.tuples(st.just("reconciler"), SETTINGS | VALUES),
        st.tuples(st.just("catalog"), CATALOGS | VALUES),
    )
)
def test_the_fast_validator_the_explaining_one_and_the_model_agree(case: tuple[str, Any]) -> None:
    kind, document = case
    definition = json.loads(schema(kind))

    is_valid = jsonschema_rs.Draft202012Validator(definition).is_valid(document)

    assert bool(explain(document, definition)) != is_valid
    assert fits_model(kind, document) == is_valid


def test_every_pattern_of_the_schemas_has_its_words() -> None:
    patterns = set()
    for kind in MODELS:
        pending = [json.loads(schema(kind))]
        while pending:
            part = pending.pop()
            if isinstance(part, dict):
                patterns |= {part["pattern"]} if isinstance(part.get("pattern"), str) else set()
                patterns |= set(part.get("patternProperties", ()))
                pending += part.values()
            elif isinstance(part, list):
                pending += part

    assert patterns <= PATTERNS.keys()
