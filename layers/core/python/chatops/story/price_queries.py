"""The questions to the price book, in SQL; its tables are in scripts/build_price_book.py."""

from __future__ import annotations

from typing import Final

MACHINES: Final = """
SELECT type.name, vcpu, gib, hourly, spot, month, source.name, source.as_of, spots.name, spots.as_of, confidence
FROM region JOIN machine ON machine.region = region.id JOIN type ON type.id = machine.type
JOIN source ON source.id = machine.source
LEFT JOIN spot_source ON spot_source.cloud = region.cloud LEFT JOIN source AS spots ON spots.id = spot_source.source
WHERE region.cloud = ? AND region.name = ?
"""
DATABASE: Final = """
SELECT single, multi, source.name, source.as_of
FROM region JOIN type ON type.cloud = 'rds' JOIN database ON database.region = region.id AND database.type = type.id
JOIN source ON source.id = database.source
WHERE region.cloud = 'aws' AND region.name = ? AND engine = ? AND type.name = ?
"""
CACHE: Final = """
SELECT redis, valkey, source.name, source.as_of
FROM region JOIN type ON type.cloud = 'elasticache' JOIN cache ON cache.region = region.id AND cache.type = type.id
JOIN source ON source.id = cache.source
WHERE region.cloud = 'aws' AND region.name = ? AND type.name = ?
"""
UNIT: Final = "SELECT usd, unit, as_of, confidence, source FROM unit WHERE cloud = ? AND region = ? AND item = ?"
KIND: Final = "SELECT class FROM kind WHERE type = ?"
SPOT_RATIOS: Final = (
    "SELECT pattern, low, high, as_of FROM spot_ratio WHERE cloud = ? AND region IN (?, '*') ORDER BY pattern"
)
DATES: Final = """
SELECT min(as_of), max(as_of) FROM (
    SELECT as_of FROM unit WHERE as_of != ''
    UNION SELECT as_of FROM source WHERE id IN (
        SELECT source FROM machine UNION SELECT source FROM database UNION SELECT source FROM cache
    )
)
"""
_RATIO: Final = """
SELECT 1.0 * here.{price} / there.{price} AS ratio
FROM type JOIN {table} AS here ON here.type = type.id JOIN {table} AS there ON there.type = type.id {same}
WHERE type.cloud = ?1 AND ?2 IN (type.family, '*')
AND here.region = (SELECT id FROM region WHERE cloud = ?3 AND name = ?4)
AND there.region = (SELECT id FROM region WHERE cloud = ?3 AND name = ?5)
ORDER BY ratio
"""
_MACHINE_RATIO: Final = _RATIO.format(price="hourly", table="machine", same="")
RATIOS: Final = {
    "aws": _MACHINE_RATIO,
    "gcp": _MACHINE_RATIO,
    "azure": _MACHINE_RATIO,
    "rds": _RATIO.format(price="single", table="database", same="AND there.engine = here.engine"),
    "elasticache": _RATIO.format(price="redis", table="cache", same=""),
}
"""By the cloud of the types. Takes that, the letters of a family or *, the vendor, the region and the vendor's home."""
