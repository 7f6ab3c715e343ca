"""What a secret looks like by its form alone, whoever it belongs to: keys and tokens of known shapes.

The standard library only: the runner filters its output with this, and the package `chatops`, into which this file is
linked, filters once more what goes on to Discord.
"""

import base64
import re

REDACTED = "[redacted]"

_KEY_LABEL = r"[A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
KEY_BEGIN = re.compile(rf"-----BEGIN {_KEY_LABEL}")
KEY_END = re.compile(rf"-----END {_KEY_LABEL}")
_KEY_WHOLE = re.compile(rf'-----BEGIN {_KEY_LABEL}[^"]*?(?:-----END {_KEY_LABEL}|(?=")|$)')

_KEY_KINDS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY")


def _base64_heads(text: str) -> list[str]:
    """How the text looks in base64 after 0, 1 and 2 other bytes, without the characters that also hold neighbours."""
    coded = [base64.b64encode(bytes(ahead) + text.encode()).decode().rstrip("=") for ahead in range(3)]
    return [
        each[mixed : -1 if (ahead + len(text)) % 3 else None]
        for ahead, (each, mixed) in enumerate(zip(coded, (0, 2, 3), strict=True))
    ]


_BASE64_KEYS = [
    (anchor, "|".join(re.escape(_base64_heads(f"-----BEGIN {kind}")[ahead]) for kind in _KEY_KINDS))
    for ahead, anchor in enumerate(_base64_heads("-----BEGIN "))
]
KEY_IN_BASE64 = re.compile(rf"(?:{'|'.join(keys for _, keys in _BASE64_KEYS)})[A-Za-z0-9+/=]{{20,}}")

# Each with a text that it cannot do without: to look for that costs next to nothing, and most lines have none.
# What has to be followed by something more is bounded in length, or a hostile line would cost its square.
_SHAPES = tuple(
    (anchor, re.compile(pattern))
    for anchor, pattern in (
        ("AKIA", r"\bAKIA[A-Z0-9]{16}\b"),  # AWS access key ids
        ("ASIA", r"\bASIA[A-Z0-9]{16}\b"),
        ("ABIA", r"\bABIA[A-Z0-9]{16}\b"),
        ("ACCA", r"\bACCA[A-Z0-9]{16}\b"),
        ("FwoGZXIvYXdz", r"FwoGZXIvYXdz[A-Za-z0-9+/=]{20,}"),  # AWS session tokens
        ("IQoJb3JpZ2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/=]{20,}"),
        *((anchor, rf"(?:{keys})[A-Za-z0-9+/=]{{20,}}") for anchor, keys in _BASE64_KEYS),
        ("gh", r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
        ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
        ("gl", r"\bgl(?:pat|ptt|dt|rt|cbt|agent|soat)-[\w-]{20,}"),  # GitLab
        ("xox", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),  # Slack
        ("xapp-", r"\bxapp-[A-Za-z0-9-]{10,}"),
        ("hooks.slack.com/", r"\bhooks\.slack\.com/(?:services|workflows)/[\w/-]{20,}"),
        ("webhooks/", r"\bdiscord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{15,22}/[\w-]{30,}"),
        ("aW50ZXJhY3Rpb246", r"\baW50ZXJhY3Rpb246[\w-]{20,}"),  # Discord interaction
        ("ya29.", r"\bya29\.[\w.-]{20,}"),  # Google access token
        ("AIza", r"\bAIza[\w-]{35}"),  # Google API key
        ("GOCSPX-", r"\bGOCSPX-[\w-]{20,}"),  # Google client secret
        (".eyJ", r"\beyJ[\w-]{10,4096}+\.eyJ[\w-]{10,4096}+\.[\w-]{10,}"),  # JSON web token
        ("Q~", r"\b[\w~.-]{3}[78]Q~[\w~.-]{31,34}"),  # Azure client secret
        ("hv", r"\bhv[sbr]\.[\w-]{20,}"),  # Vault
        (".atlasv1.", r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}"),  # HCP Terraform
        ("_live_", r"\b(?:sk|rk)_live_[A-Za-z0-9]{20,}"),
        ("sk-", r"\bsk-[A-Za-z0-9_-]{32,}"),
        ("npm_", r"\bnpm_[A-Za-z0-9]{36}"),
        ("pypi-", r"\bpypi-[\w-]{50,}"),
        ("_v1_", r"\bdo[opr]_v1_[0-9a-f]{64}"),  # DigitalOcean
        ("SG.", r"\bSG\.[\w-]{22}\.[\w-]{43}"),  # SendGrid
        ("dckr_", r"\bdckr_(?:pat|oat)_[\w-]{20,}"),
        ("hf_", r"\bhf_[A-Za-z0-9]{30,}"),
        ("dapi", r"\bdapi[0-9a-f]{32}"),  # Databricks
        ("gl", r"\bgl(?:sa|c)_[\w+/=]{30,}"),  # Grafana
        ("shp", r"\bshp(?:at|ca|pa|ss)_[0-9a-f]{32}"),  # Shopify
        (":AA", r"\b\d{8,10}:AA[\w-]{33}"),  # Telegram
        ("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    )
)
# A Discord bot's token has no text of its own, but the six characters between its dots.
_BOT_DOTS = re.compile(r"\.[\w-]{6}\.")
_BOT = re.compile(r"\b[MNO][A-Za-z0-9_-]{23,27}\.[\w-]{6}\.[\w-]{27,45}")

_VALUE = r"(?P<value>[^\s\"'\\&@,;]{4,})"
_LABELLED = tuple(
    (anchor, re.compile(rf"(?P<label>{pattern}){_VALUE}"))
    for anchor, pattern in (
        ("secret", r"(?i:secret_?access_?key)[\"'\\]{0,4}\s{0,20}[=:]>?\s{0,20}[\"'\\]{0,4}"),
        ("accountkey=", r"\b(?i:AccountKey)="),
        ("sharedaccesskey=", r"\b(?i:SharedAccessKey)="),
        ("sig=", r"[?&]sig="),
        ("x-amz-", r"\b(?i:X-Amz-(?:Signature|Security-Token|Credential))="),
        ("authorization", r"\b(?i:authorization)\W{1,8}(?i:bearer|basic|bot)\s"),
        ("://", r"://[^/\s:@\"]{0,256}:(?=[^/\s@\"]{1,256}@)"),
        ("password=", r"[;?&](?i:password)="),
        ("pwd=", r"[;?&](?i:pwd)="),
    )
)


def shapes(text: str) -> str:
    """The text without anything that looks like a secret by its form alone."""
    if "PRIVATE KEY" in text:
        text = _KEY_WHOLE.sub(REDACTED, text)
    for anchor, shape in _SHAPES:
        if anchor in text:
            text = shape.sub(REDACTED, text)
    if _BOT_DOTS.search(text):
        text = _BOT.sub(REDACTED, text)
    lower = text.lower()
    for anchor, labelled in _LABELLED:
        if anchor in lower:
            text = labelled.sub(rf"\g<label>{REDACTED}", text)
    return text
