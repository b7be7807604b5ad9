"""Certificates that openssl makes for the tests of TLS."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

_AUTHORITY = """\
[ca]
default_ca = one
[one]
database = {folder}/ca.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""


class Pair(NamedTuple):
    """A certificate and its key, as files (PEM)."""

    cert: Path
    key: Path


def certificate(folder: Path, name: str = "127.0.0.1") -> Pair:
    """A new certificate of its own making for 127.0.0.1."""
    pair = _pair(folder, name)
    names = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
    _openssl("req", "-x509", *_KEY, *names, "-days", "2", "-keyout", pair.key, "-out", pair.cert)
    pair.key.chmod(0o600)
    return pair


def expired(folder: Path) -> Pair:
    """A certificate of its own making that was good for one day long ago."""
    pair = certificate(folder, "expired")
    (folder / "ca.txt").touch()
    (folder / "ca.conf").write_text(_AUTHORITY.format(folder=folder))
    request = folder / "expired.csr"
    _openssl("req", "-new", "-key", pair.key, "-subj", "/CN=expired", "-out", request)
    dates = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
    by = ("-selfsign", "-keyfile", pair.key, "-batch", "-notext", "-config", folder / "ca.conf")
    _openssl("ca", *by, *dates, "-in", request, "-out", pair.cert)
    return pair


def signed(folder: Path, name: str, authority: Pair) -> Pair:
    """A new certificate that an authority has signed."""
    pair, request = _pair(folder, name), folder / f"{name}.csr"
    _openssl("req", *_KEY, "-subj", f"/CN={name}", "-keyout", pair.key, "-out", request)
    by = ("-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial", "-days", "2")
    _openssl("x509", "-req", "-in", request, *by, "-out", pair.cert)
    pair.key.chmod(0o600)
    return pair


def _pair(folder: Path, name: str) -> Pair:
    return Pair(folder / f"{name}.cert.pem", folder / f"{name}.key.pem")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
