"""What a firewall lets in from the internet: one form for security groups, GCP firewalls and Azure's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatops.story.blast_looks import Finding, Look, Reading, Side, is_everywhere, is_false, is_true

ADMIN = frozenset({22, 23, 445, 2375, 2376, 3389, 5900, 5985, 5986})
"""SSH, Telnet, SMB, Docker, RDP, VNC, WinRM: whoever gets in has the machine (CIS benchmarks name 22 and 3389)."""
DATABASES = frozenset({1433, 1521, 2379, 3306, 5432, 5984, 6379, 7000, 9042, 9200, 11211, 27017})
"""The vendors' default ports: SQL Server, Oracle, etcd, MySQL, PostgreSQL, CouchDB, Redis, Cassandra, Elasticsearch,
Memcached, MongoDB."""
WEB = frozenset({80, 443})
_HIGHEST = 65535
_ALL = (0, _HIGHEST)
_PINGS = frozenset({"icmp", "icmpv6", "1", "58", "ipip", "esp", "ah", "50", "51"})
_ANY = frozenset({"-1", "all", "*", "any", ""})
_MOST_RANGES = 1000

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Form:
    """How a type writes a rule: in which blocks, when it counts, and where its sources, protocol and ports stand."""

    sources: tuple[str, ...]
    block: str = ""
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Attributes that must have one of these values; the first is meant where the attribute is missing."""
    lists: tuple[str, ...] = ()
    """Lists of ranges kept elsewhere: nobody sees from the plan what is in them."""
    protocol: str = "protocol"
    ports: tuple[str, ...] = ("from_port", "to_port")
    """Two numbers, or the texts of ranges."""
    inner: str = ""
    """Blocks of the rule that hold protocol and ports."""


_AZURE = _Form(
    ("source_address_prefix", "source_address_prefixes"),
    only=(("direction", ("inbound",)), ("access", ("allow",))),
    ports=("destination_port_range", "destination_port_ranges"),
)
_POLICY = _Form(("src_ip_ranges",), "match", only=(), protocol="ip_protocol", ports=("ports",), inner="layer4_configs")
_GROUP = _Form(("cidr_blocks", "ipv6_cidr_blocks"), "ingress", lists=("prefix_list_ids",))
_FORMS = {
    "aws_security_group": _GROUP,
    "aws_default_security_group": _GROUP,
    "aws_security_group_rule": _Form(
        ("cidr_blocks", "ipv6_cidr_blocks"), only=(("type", ("ingress",)),), lists=("prefix_list_ids",)
    ),
    "aws_vpc_security_group_ingress_rule": _Form(
        ("cidr_ipv4", "cidr_ipv6"), lists=("prefix_list_id",), protocol="ip_protocol"
    ),
    "google_compute_firewall": _Form(
        ("source_ranges",), only=(("direction", ("ingress",)),), ports=("ports",), inner="allow"
    ),
    "google_compute_firewall_policy_rule": _POLICY,
    "google_compute_network_firewall_policy_rule": _POLICY,
    "google_compute_region_network_firewall_policy_rule": _POLICY,
    "azurerm_network_security_rule": _AZURE,
    "azurerm_network_security_group": _Form(_AZURE.sources, "security_rule", only=_AZURE.only, ports=_AZURE.ports),
}
TYPES = tuple(_FORMS)


def lets_in(kind: str, wanted: str) -> Look:
    """Look for what this type opens to the internet: `admin`, `database` or `other` ports."""
    form = _FORMS[kind]

    def look(side: Side) -> Iterator[Finding]:
        for rule in _rules(form, kind, side):
            if rule is None:
                yield Finding(form.block, unknown=True)
            else:
                yield from _judged(form, rule, wanted)

    return look


def _rules(form: _Form, kind: str, side: Side) -> Iterator[Side | None]:
    if is_true(side.attributes.get("disabled")):
        return
    policy = kind.endswith("policy_rule")
    if policy and not (_means(side, "direction", ("ingress",)) and _means(side, "action", ("allow", "goto_next"))):
        return
    for rule in side.blocks(form.block) if form.block else (side,):
        if rule is None or all(_means(rule, *condition) for condition in form.only):
            yield rule


def _means(side: Side, name: str, words: tuple[str, ...]) -> bool:
    return (side.text(name) or words[0]).lower() in words


def _judged(form: _Form, rule: Side, wanted: str) -> Iterator[Finding]:
    found = _source(form, rule)
    if found is None:
        return
    place, source = found
    for protocol, ranges in _ports(form, rule):
        if source and ranges is not None:
            if (opened := _opened(protocol, ranges)) and opened[0] == wanted:
                yield Finding(place, f"{source} to {opened[1]}")
        elif ranges is None or _opened(protocol, ranges):
            yield Finding(place, unknown=True)


def _source(form: _Form, rule: Side) -> tuple[str, str] | None:
    """The attribute that lets everybody in, and as whom; or the one that nobody can see, as ""; or None."""
    unseen = None
    for name in (*form.sources, *form.lists):
        for reading in rule.at(name):
            if reading.unknown or (name in form.lists and reading.value):
                unseen = unseen or (form.block or name, "")
            elif is_everywhere(reading.value):
                return form.block or name, str(reading.value).strip()
    return unseen


def _ports(form: _Form, rule: Side) -> Iterator[tuple[str, list[Range] | None]]:
    """Each protocol with its port ranges; None for ranges that cannot be known now."""
    for holder in rule.blocks(form.inner) if form.inner else (rule,):
        if holder is None:
            yield "", None
            continue
        protocol = holder.one(form.protocol)
        name = _word(protocol.value)
        if protocol.unknown:
            yield "", None
        elif name in _PINGS:
            yield name, []
        elif name in _ANY:
            yield "", [_ALL]
        else:
            yield name, _ranges(form, holder)


def _ranges(form: _Form, holder: Side) -> list[Range] | None:
    readings = [reading for name in form.ports for reading in holder.at(name)][:_MOST_RANGES]
    if any(reading.unknown for reading in readings):
        return None
    if form.ports == ("from_port", "to_port"):
        low, high = (_port(holder.attributes.get(name)) for name in form.ports)
        return [_ALL if low is None and high is None else (low or 0, _HIGHEST if high is None else high)]
    texts = [text for text in map(_word, _values(readings)) if text]
    # No ports at all: the rule is for every port of the protocol.
    return [range_ for text in texts if (range_ := _range(text))] if texts else [_ALL]


def _values(readings: list[Reading]) -> Iterator[Any]:
    for reading in readings:
        if reading.value is not None and not isinstance(reading.value, Mapping):
            yield reading.value


def _range(text: str) -> Range | None:
    if text in ("*", "any"):
        return _ALL
    low, dash, high = text.partition("-")
    first, last = _port(low), _port(high if dash else low)
    return None if first is None or last is None else (first, last)


def _opened(protocol: str, ranges: list[Range]) -> tuple[str, str] | None:
    """The worst that ranges open, and which range does; None if that is the web at most."""
    found = None
    for low, high in ranges:
        named = f"port {low}" if low == high else "all ports" if (low, high) == _ALL else f"ports {low}-{high}"
        if protocol not in ("udp", "17"):
            if any(low <= port <= high for port in ADMIN):
                return "admin", named
            if any(low <= port <= high for port in DATABASES):
                found = ("database", named)
        # A range is of the web only if nothing but 80 and 443 is in it.
        if found is None and not (low == high and low in WEB) and low <= high:
            found = ("other", named)
    return found


def _port(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 8:
        return int(value)
    if isinstance(value, (int, float)) and 0 <= value <= _HIGHEST:
        return int(value)
    return None


def _word(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _HIGHEST:
        return str(int(value))
    return value.strip().lower()[:40] if isinstance(value, str) else ""


def from_all_addresses(side: Side) -> Iterator[Finding]:
    """Azure's firewall rules of databases: the range from one address to another."""
    start, end = side.one("start_ip_address"), side.one("end_ip_address")
    if start.unknown or end.unknown:
        yield Finding("end_ip_address", unknown=True)
    elif start.value in ("0.0.0.0", "0.0.0.1", "1.0.0.0") and _wide_end(end.value):  # noqa: S104
        yield Finding("end_ip_address", f"{start.value} to {end.value}")


def _wide_end(value: object) -> bool:
    first = value.partition(".")[0] if isinstance(value, str) else ""
    return first.isascii() and first.isdigit() and len(first) <= 3 and int(first) >= 128


def kubernetes_is_open(side: Side) -> Iterator[Finding]:
    """An EKS endpoint that is public, to networks that are everyone or are not named."""
    for block in side.blocks("vpc_config"):
        if block is None:
            yield Finding("vpc_config", unknown=True)
            continue
        public = block.one("endpoint_public_access")
        networks = list(block.at("public_access_cidrs"))
        if is_false(public.value):
            continue
        if public.unknown:
            yield Finding("vpc_config.endpoint_public_access", unknown=True)
        elif any(each.value is None or is_everywhere(each.value) for each in networks):
            # Networks that nobody names are 0.0.0.0/0 by EKS's own default.
            yield Finding("vpc_config.public_access_cidrs", "endpoint_public_access, no networks named but everyone")
