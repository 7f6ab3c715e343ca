"""Hostile credential files, made here so that no key lies in the repository; each holds CANARY, or a key."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

CANARY = "canary7c41"
GCP_PROJECT = "acme-prod-123"
AWS_ACCOUNT = "222222222222"
AZURE_SUBSCRIPTION = "550e8400-e29b-41d4-a716-446655440000"
PROJECTS = {"gcp": GCP_PROJECT, "aws": AWS_ACCOUNT, "azure": AZURE_SUBSCRIPTION}

_PLAIN = NoEncryption()


@dataclass(frozen=True)
class Poison:
    """A file that must be refused; the reply matches `told`."""

    name: str
    provider: str
    told: str
    content: bytes = field(repr=False)


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8, encryption: KeySerializationEncryption = _PLAIN) -> str:
    return str(key.private_bytes(Encoding.PEM, form, encryption).decode())


def small_rsa() -> rsa.RSAPrivateKey:
    """512 bits, which the library would not make: of the primes 2^255 - 19 and 2^256 - 189."""
    p, q, e = 2**256 - 189, 2**255 - 19, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    return _from_numbers(p, q, d, e)


def large_rsa(bits: int) -> rsa.RSAPrivateKey:
    """Of so many bits, and of two numbers that are no primes: to find that out is what takes the time."""
    p, q, e = 2 ** (bits // 2) - 1, 2 ** (bits // 2) - 3, 65537
    return _from_numbers(p, q, 2**bits // 3, e)


def _from_numbers(p: int, q: int, d: int, e: int) -> rsa.RSAPrivateKey:
    public = rsa.RSAPublicNumbers(e, p * q)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


@cache
def key_file() -> Mapping[str, Any]:
    """A service account's key file as Google makes it."""
    email = f"{CANARY}@{GCP_PROJECT}.iam.gserviceaccount.com"
    return {
        "type": "service_account",
        "project_id": GCP_PROJECT,
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": pem(rsa_key()),
        "client_email": email,
        "client_id": "123456789012345678901",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{email.replace('@', '%40')}",
        "universe_domain": "googleapis.com",
    }


ACCESS_KEY = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": CANARY + "c" * 30}
PRINCIPAL = {
    "client_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "client_secret": f"{CANARY}~Abc8Q.z-1234567890",
    "tenant_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "subscription_id": AZURE_SUBSCRIPTION,
}


def good(provider: str) -> bytes:
    """What is taken."""
    return json.dumps({"gcp": key_file(), "aws": ACCESS_KEY, "azure": PRINCIPAL}[provider]).encode()


def poisons() -> Iterator[Poison]:
    """All of them."""
    yield from _google_kinds()
    yield from _google_hosts()
    yield from _google_fields()
    yield from _keys()
    yield from _amazon()
    yield from _microsoft()
    yield from _no_json()
    yield from _no_text()


def _google(name: str, told: str, **changes: Any) -> Poison:
    return Poison(f"gcp: {name}", "gcp", told, json.dumps({**key_file(), **changes}).encode())


def _google_kinds() -> Iterator[Poison]:
    """The other kinds of Google's files: they can name a program to run, a file to read, a server to ask."""
    others: dict[str, dict[str, Any]] = {
        "external_account": {"audience": CANARY, "credential_source": {"executable": {"command": f"/bin/sh {CANARY}"}}},
        "external_account_authorized_user": {"refresh_token": CANARY, "token_url": "https://evil.example/token"},
        "authorized_user": {"client_id": "1", "client_secret": CANARY, "refresh_token": CANARY},
        "impersonated_service_account": {"source_credentials": {"type": CANARY}, "delegates": []},
        "gdch_service_account": {"format_version": "1", "ca_cert_path": f"/etc/{CANARY}", "name": CANARY},
    }
    for kind, fields in others.items():
        alone = json.dumps({"type": kind, **fields}).encode()
        yield Poison(f"gcp: {kind}", "gcp", "does not belong|lack", alone)
        yield _google(f"a service account that says {kind}", "`type` is not", type=kind)
    yield _google("a program to run", "does not belong", credential_source={"executable": {"command": CANARY}})
    yield _google("an impersonation", "does not belong", service_account_impersonation_url=f"https://{CANARY}.example")
    yield _google("a type in a list", "`type` is not", type=["service_account"])
    yield _google("a type with a line end", "`type` is not", type="service_account\n")


def _google_hosts() -> Iterator[Poison]:
    hosts = {
        "another host": f"https://{CANARY}.example/token",
        "a host in front": f"https://oauth2.googleapis.com.{CANARY}.example/token",
        "a user": f"https://oauth2.googleapis.com@{CANARY}.example/token",
        "a fragment": f"https://{CANARY}.example#oauth2.googleapis.com/token",
        "a backslash": f"https://{CANARY}.example\\@oauth2.googleapis.com/token",
        "a query": f"https://oauth2.googleapis.com/token?{CANARY}",
        "no TLS": "http://oauth2.googleapis.com/token",
        "a port": "https://oauth2.googleapis.com:8443/token",
        "a trailing dot": "https://oauth2.googleapis.com./token",
        "capitals": "https://OAUTH2.googleapis.com/token",
        "a letter of another script": "https://o\u0430uth2.googleapis.com/token",
        "a wide full stop": "https://oauth2.googleapis\u3002com/token",
        "a NUL": f"https://oauth2.googleapis.com/token\x00.{CANARY}",
        "a line end": "https://oauth2.googleapis.com/token\n",
        "a climb": "https://oauth2.googleapis.com/token/../../x",
        "a file": f"file:///etc/{CANARY}",
        "the metadata server": "http://169.254.169.254/latest/meta-data",
        "half a surrogate": "https://oauth2.googleapis.com/token\ud800",
    }
    for name, url in hosts.items():
        yield _google(f"a token server with {name}", "`token_uri` is not", token_uri=url)
    for name in ("auth_uri", "auth_provider_x509_cert_url", "client_x509_cert_url"):
        yield _google(f"an evil {name}", f"`{name}` is not", **{name: f"https://{CANARY}.example/x"})
    yield _google("another universe", "`universe_domain` is not", universe_domain=f"{CANARY}.example")


def _google_fields() -> Iterator[Poison]:
    project = {
        "a climb": "../../" + CANARY,
        "a line end": GCP_PROJECT + "\n",
        "a NUL": GCP_PROJECT + "\x00",
        "other digits": "acme-prod-\u0661\u0662\u0663",
        "text that runs backwards": "acme-\u202eprod-123",
        "a mention": "<@&1061000000000000401>",
        "a number": 123456789012,
        "null": None,
        "true": True,
        "a list": [GCP_PROJECT],
        "an object": {"$gt": ""},
    }
    for name, value in project.items():
        yield _google(f"a project with {name}", "`project_id` is not", project_id=value)
    mail = {
        "a climb": f"../../etc/{CANARY}@x.iam.gserviceaccount.com",
        "another domain": f"{CANARY}@evil.example",
        "a tail": f"{CANARY}@x.iam.gserviceaccount.com.evil.example",
        "a line end and a header": f"{CANARY}@x.iam.gserviceaccount.com\r\nHost: evil.example",
        "a NUL": f"{CANARY}\x00@x.iam.gserviceaccount.com",
    }
    for name, text in mail.items():
        yield _google(f"an e-mail with {name}", "`client_email` is not", client_email=text)
    yield _google("a key id that is a path", "`private_key_id` is not", private_key_id=f"../{CANARY}")
    yield _google("a field too many", "does not belong", quota_project_id=CANARY)
    yield _google("a prototype", "does not belong", __proto__={"type": CANARY})
    yield _google("a padded field", "longer than 8 KiB|at most 8192", pad=CANARY * 1000)
    yield _google("lists in lists", "does not belong", pad=json.loads("[" * 400 + "]" * 400))
    good_text = json.dumps(key_file())
    for name in ("project_id", "\\u0070roject_id", "token_uri"):
        for text in (f'{{"{name}": "{CANARY}", {good_text[1:]}', f'{good_text[:-1]}, "{name}": "{CANARY}"}}'):
            where = "first" if text.startswith(f'{{"{name}') else "last"
            yield Poison(f"gcp: {name} twice, the {where} one wrong", "gcp", "twice", text.encode())


def _keys() -> Iterator[Poison]:
    """Private keys of every other kind, and texts round a right one."""
    right, rsa_2048 = pem(rsa_key()), rsa_key()
    public = rsa_2048.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    begin, end = "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n"
    body = base64.b64decode("".join(right.splitlines()[1:-1]))
    shape = "`private_key` is not what it should be"
    keys = {
        "of an elliptic curve": (pem(ec.generate_private_key(ec.SECP256R1())), "RSA key of 2048"),
        "of Ed25519": (pem(ed25519.Ed25519PrivateKey.generate()), "RSA key of 2048"),
        "of DSA": (pem(dsa.generate_private_key(2048)), "RSA key of 2048"),
        "of 512 bits": (pem(small_rsa()), "RSA key of 2048"),
        "of 1024 bits": (pem(rsa_key(1024)), "RSA key of 2048"),
        "of 5120 bits": (pem(large_rsa(5120)), "longer than an RSA key of 4096"),
        "of 2048 bits without primes": (pem(large_rsa(2048)), "not an unencrypted private key"),
        "under a password": (pem(rsa_2048, encryption=BestAvailableEncryption(b"word")), shape),
        "in the older form": (pem(rsa_2048, PrivateFormat.TraditionalOpenSSL), shape),
        "in OpenSSH's form": (pem(rsa_2048, PrivateFormat.OpenSSH), shape),
        "that is public": (public, shape),
        "that is a public one named private": (public.replace("PUBLIC", "PRIVATE"), "not an unencrypted private key"),
        "with a tail": (right + CANARY, shape),
        "with a note before it": (CANARY + "\n" + right, shape),
        "and one more": (right + right, shape),
        "with a NUL": (right.replace("\n", "\x00\n", 1), shape),
        "with a header": (right.replace("KEY-----\n", f"KEY-----\nProc-Type: {CANARY}\n\n", 1), shape),
        "cut off": (right[: len(right) // 2] + "\n" + end, "not an unencrypted private key"),
        "followed by bytes": (begin + base64.encodebytes(body + b"x" * 64).decode() + end, "not an unencrypted"),
        "of zeros": (begin + "A" * 1600 + "\n" + end, "not an unencrypted private key"),
        "that is a path": (f"/etc/ssl/{CANARY}.pem", shape),
        "that is empty": ("", shape),
        "that is a list": ([right], shape),
    }
    for name, (key, told) in keys.items():
        yield _google(f"a key {name}", told, private_key=key)
    yield _google("a key of 16,384 bits", "longer than 8 KiB|at most 8192", private_key=pem(large_rsa(16384)))


def _lines(**values: str) -> str:
    return "".join(f"{name} = {value}\n" for name, value in values.items())


def _amazon() -> Iterator[Poison]:
    keys, one = _lines(**ACCESS_KEY), "one profile"
    files = {
        "two profiles": ("[default]\n" + keys + "[other]\n" + keys, one),
        "a program to run": (f"[default]\ncredential_process = /bin/sh -c {CANARY}\n", one),
        "a program of one word": (f"[default]\ncredential_process = {CANARY}\n", "does not belong"),
        "a key and a program": (keys + f"credential_process = {CANARY}\n", "does not belong"),
        "a role of another profile": (_lines(role_arn=CANARY, source_profile="default"), "does not belong"),
        "a web identity": (keys + _lines(web_identity_token_file=f"/proc/{CANARY}"), "does not belong"),
        "an endpoint": (keys + _lines(endpoint_url=f"http://{CANARY}.example"), "does not belong"),
        "a region": (keys + _lines(region="eu-west-1"), "does not belong"),
        "a comment": (f"# {CANARY}\n" + keys, one),
        "an include": (f"[include {CANARY}]\n" + _lines(path="x") + keys, "does not belong"),
        "a key twice": (keys + keys, "twice"),
        "a NUL": (keys.replace("AKIA", "AKIA\x00"), "`aws_access_key_id` is not"),
        "a byte order mark": ("\ufeff" + keys, "byte order mark|one profile"),
        "the console's table": (f"Access key ID,Secret access key\nAKIAIOSFODNN7EXAMPLE,{CANARY}", one),
        "half a key": (_lines(aws_secret_access_key=CANARY + "c" * 30), "lack `aws_access_key_id`"),
        "an empty profile": (f"[{CANARY}]\n", "lack"),
    }
    for name, (text, told) in files.items():
        yield Poison(f"aws: {name}", "aws", told, text.encode())
    fields: dict[str, tuple[dict[str, Any], str]] = {
        "a secret with a profile in it": ({"aws_secret_access_key": f"{CANARY}\n[x]\nrole_arn=y" + "c" * 30}, "secret"),
        "a secret that is a list": ({"aws_secret_access_key": [CANARY]}, "`aws_secret_access_key` is not"),
        "a key id that is a number": ({"aws_access_key_id": 12345678901234567890}, "`aws_access_key_id` is not"),
        "an endless token": ({"aws_session_token": CANARY * 500}, "`aws_session_token` is not"),
        "a temporary key alone": ({"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE"}, "temporary AWS access key"),
        "an external id of its own": ({"external_id": CANARY}, "does not belong"),
        "a role beside the key": ({"role_arn": f"arn:aws:iam::{AWS_ACCOUNT}:role/{CANARY}"}, "does not belong"),
    }
    for name, (changes, told) in fields.items():
        yield Poison(f"aws: {name}", "aws", told, json.dumps(ACCESS_KEY | changes).encode())
    role, told = f"arn:aws:iam::{AWS_ACCOUNT}:role/", "ARN of a role"
    arns = {
        "another name": f"{role}{CANARY}",
        "a path before": f"{role}{CANARY}/chatops-guild-x",
        "a path after": f"{role}chatops-guild-x/{CANARY}",
        "a wildcard": f"{role}chatops-guild-*{CANARY}",
        "a line end": f"{role}chatops-guild-x\n{CANARY}",
        "no account": f"arn:aws:iam::aws:role/chatops-guild-{CANARY}",
        "another partition": f"arn:aws-{CANARY}:iam::{AWS_ACCOUNT}:role/chatops-guild-x",
        "a user": f"arn:aws:iam::{AWS_ACCOUNT}:user/chatops-guild-{CANARY}",
        "a long name": f"{role}chatops-guild-{CANARY * 6}",
    }
    for name, text in arns.items():
        yield Poison(f"aws: a role with {name}", "aws", told, text.encode())


def _microsoft() -> Iterator[Poison]:
    fields: dict[str, tuple[dict[str, Any], str]] = {
        "a field too many": ({"use_msi": CANARY}, "does not belong"),
        "a certificate's path": ({"client_certificate_path": f"/etc/{CANARY}"}, "does not belong"),
        "an endpoint": ({"activeDirectoryEndpointUrl": f"https://{CANARY}.example"}, "does not belong"),
        "a tenant that is a path": ({"tenant_id": f"../{CANARY}"}, "`tenant_id` is not"),
        "a tenant that is a domain": ({"tenant_id": f"{CANARY}.onmicrosoft.com"}, "`tenant_id` is not"),
        "a secret with a line end": ({"client_secret": f"{CANARY}\nx=y12345"}, "`client_secret` is not"),
        "a secret that is an object": ({"client_secret": {"a": CANARY}}, "`client_secret` is not"),
        "an id in braces": ({"client_id": "{0f8fad5b-d9cb-469f-a165-70867728950e}"}, "`client_id` is not"),
        "an id that is a number": ({"client_id": 5}, "`client_id` is not"),
        "an id of null": ({"client_id": None}, "`client_id` is not"),
        "another subscription": ({"subscription_id": PRINCIPAL["tenant_id"]}, "not the subscription in `project_id`"),
    }
    for name, (changes, told) in fields.items():
        yield Poison(f"azure: {name}", "azure", told, json.dumps(PRINCIPAL | changes).encode())
    printed = {"appId": PRINCIPAL["client_id"], "password": CANARY, "tenant": PRINCIPAL["tenant_id"]}
    yield Poison("azure: what its tool prints", "azure", "Needed: `client_id`", json.dumps(printed).encode())


def _no_json() -> Iterator[Poison]:
    text, said = json.dumps(key_file()), "not valid JSON"
    texts = {
        "not an object": (f'["{CANARY}"]', "not a JSON object"),
        "a text": (json.dumps(text), "not a JSON object"),
        "a number": ("7", "not a JSON object"),
        "null": ("null", "not a JSON object"),
        "an empty object": ("{}", "lack `type`"),
        "a list of keys": (f"[{text}]", "not a JSON object"),
        "two objects": (f"{text}\n{text}", said),
        "a tail": (text + CANARY, said),
        "a comment": (f"/* {CANARY} */ {text}", said),
        "a comma too many": (text[:-1] + ",}", said),
        "single quotes": (text.replace('"', "'"), said),
        "YAML": (f"type: service_account\nproject_id: {CANARY}", said),
        "no number": (text[:-1] + ', "pad": NaN}', "does not belong"),
        "an infinite number": (text[:-1] + ', "pad": 1e999}', "does not belong"),
        "a number of 5,000 digits": (text[:-1] + f', "pad": {"9" * 5000}}}', f"{said}|longer"),
        "a NUL at its end": (text + "\x00", said),
        "a bare line end": (text.replace("service_account", "service\naccount"), said),
        "half of it": (text[: len(text) // 2], said),
    }
    for name, (content, told) in texts.items():
        yield Poison(f"text: {name}", "gcp", told, content.encode())
    yield Poison("text: 100,000 lists", "gcp", "at most", b"[" * 100_000)
    yield Poison("text: 8,000 lists", "gcp", f"{said}|at most 6000", b"[" * 8000)
    yield Poison("text: 10 MB", "gcp", "at most", text.encode() + b" " * 10_000_000)
    yield Poison("text: 8 KiB and a byte", "gcp", "at most", text.encode().ljust(8193))


def _no_text() -> Iterator[Poison]:
    """What only a file can be."""
    text = json.dumps(key_file())
    (packed := io.BytesIO(), archive := zipfile.ZipFile(packed, "w"))[1].writestr("key.json", text)
    archive.close()
    contents = {
        "a byte order mark": text.encode("utf-8-sig"),
        "UTF-16": text.encode("utf-16"),
        "UTF-16 without its mark": text.encode("utf-16-be"),
        "UTF-32": text.encode("utf-32"),
        "Latin-1": text.replace("prod", "pr\xf6d").encode("latin-1"),
        "half a surrogate in bytes": text.replace("prod", "\ud800").encode("utf-8", "surrogatepass"),
        "an overlong slash": text.encode().replace(b"oauth2/", b"oauth2\xc0\xaf"),
        "gzip": gzip.compress(text.encode()),
        "zip": packed.getvalue(),
        "gzip of 5 MB": gzip.compress(CANARY.encode() * 500_000),
        "a key in DER": rsa_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        "a key in PEM": pem(rsa_key()).encode(),
        "nothing": b"",
        "blanks": b" \r\n\t",
    }
    for name, content in contents.items():
        yield Poison(f"file: {name}", "gcp", "UTF-8|not valid JSON|not a JSON object|empty|at most 8192", content)
