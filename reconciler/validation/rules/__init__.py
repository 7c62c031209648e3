"""Every rule that a finding can name: its severity, why it exists, and how to satisfy it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.validation.rules.acknowledgements import ACKNOWLEDGEMENT_RULES
from reconciler.validation.rules.catalog import CATALOG_RULES
from reconciler.validation.rules.files import FILE_RULES
from reconciler.validation.rules.lint import LINT_RULES
from reconciler.validation.rules.packages import PACKAGE_RULES
from reconciler.validation.rules.rule import Rule
from reconciler.validation.rules.schema import SCHEMA_RULES
from reconciler.validation.rules.settings import SETTINGS_RULES
from reconciler.validation.rules.yaml import YAML_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "Rule"]

RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule
    for rule in (
        *FILE_RULES,
        *YAML_RULES,
        *SCHEMA_RULES,
        *PACKAGE_RULES,
        *ACKNOWLEDGEMENT_RULES,
        *CATALOG_RULES,
        *SETTINGS_RULES,
        *LINT_RULES,
    )
}
