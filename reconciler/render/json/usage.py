"""Consumption against allowance as documents, one per package."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reconciler.render.json.values import line

if TYPE_CHECKING:
    from reconciler.planning.advice import MeterUsage, PackageUsage


def usage_json(usage: PackageUsage) -> str:
    """Return the package on one line."""
    return line(
        {
            "package": usage.key,
            "title": usage.title,
            "revision": usage.revision,
            "holders": usage.holders,
            "seasoned": usage.seasoned,
            "allowances": [_meter(meter) for meter in usage.meters],
        }
    )


def _meter(meter: MeterUsage) -> dict[str, Any]:
    used = meter.consumption
    return {
        "meter": meter.meter,
        "allowance": meter.allowance,
        "clients": used.clients,
        "using": used.using,
        "spread": None if used.spread is None else asdict(used.spread),
        "near": used.near,
        "near_sample": list(meter.near_sample),
        "full": used.full,
        "full_sample": list(meter.full_sample),
        "advice": {
            "verdict": meter.advice.verdict,
            "suggestion": meter.advice.suggestion,
            "reasons": list(meter.advice.reasons),
        },
    }
