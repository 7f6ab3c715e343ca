"""Stories as they are kept with a run, and a teller that knows one already."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatops.domain.runs import Run
from chatops.runs.explain import Log, Telling

COST: dict[str, Any] = {
    "before": 0.0,
    "after": 11.24,
    "diff": 11.24,
    "counts": {"priced": 2, "free": 4, "usage": 1, "unknown": 0},
    "coverage": "7 of 7 priced",
    "usage": [0.5, 2.5, 40.0],
    "as_of": "2024-09 to 2026-07",
    "estimated": False,
    "top": [["aws_instance.web", 7.59, "t3.micro"], ["aws_eip.web", 3.65, "a public address"]],
}
STORY: dict[str, Any] = {
    "coffee_cup_cost": "One latte every 15 days ($11.24/month).",
    "real_world_analogy": "A rented room with the lights on: paid by the hour, used or not.",
    "blast_radius": {
        "security_risk": "aws_security_group.web lets the whole internet in by SSH.",
        "impact_level": "critical",
        "affected_systems": ["compute (2)", "network (3)"],
    },
    "treasure_hunt": {"optimization": "t4g.micro instead of t3.micro", "estimated_savings": "$1.46/month (about 20%)"},
    "environmental_impact": "About 2 kWh and 0.7 kg of CO2e a month.",
    "cost": COST,
    "risks": [
        ["critical", "public-ssh", "aws_security_group.web", "ingress", "0.0.0.0/0:22", "SSH is open to the internet."],
        ["medium", "single-machine", "aws_instance.web", "", "", "One machine carries everything."],
        ["low", "no-backup", "aws_s3_bucket.assets", "versioning", "off", "No version of a file is kept."],
    ],
    "lost": [],
    "lost_count": 0,
    "alternatives": [{"optimization": "Spot", "cost_difference": "-$4.50/month", "caveat": "may be taken away"}],
    "told_by": "narrator",
    "fallback": "no model",
}
DETAILS: dict[str, Any] = {
    "resources": [
        {
            "address": "aws_instance.web",
            "status": "priced",
            "monthly": 8.39,
            "components": [
                {"name": "t3.micro", "unit": "hour", "quantity": 730, "price": 0.0104, "monthly": 7.592, "source": "x"},
                {"name": "root disk", "unit": "GB-month", "quantity": 10, "price": 0.08, "monthly": 0.8, "source": "x"},
            ],
        },
        {"address": "aws_s3_bucket.assets", "status": "usage", "monthly": None, "components": []},
        {"address": "aws_thing.odd", "status": "unknown", "monthly": None, "components": []},
    ],
    "risks": STORY["risks"],
    "alternatives": STORY["alternatives"],
}


def told_of(**cost: Any) -> dict[str, Any]:
    """A story whose cost is this."""
    return STORY | {"cost": COST | {"counts": {"priced": 1, "free": 0, "usage": 0, "unknown": 0}} | cost}


@dataclass
class Teller:
    """Tells of every plan alike; with no story, it cannot tell any."""

    story: Mapping[str, Any] | None = field(default_factory=lambda: STORY)
    asked: list[str] = field(default_factory=list)

    def __call__(self, run: Run, plan: Mapping[str, Any], plan_sha256: str, log: Log) -> Telling | None:
        self.asked.append(plan_sha256)
        if self.story is None:
            return None
        return Telling(self.story, gzip.compress(json.dumps(DETAILS).encode(), mtime=0))


def silent(message: str, fields: Mapping[str, Any]) -> None:
    """A log that nobody reads."""
