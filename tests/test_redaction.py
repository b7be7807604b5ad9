"""What is masked, in whatever form it comes."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import Secret
from console.redaction import Redaction

SECRET = 'pä ss"wörd/+canary='
LOGIN = base64.b64encode(f"admin:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        repr(SECRET.encode()),
        LOGIN,
        base64.urlsafe_b64encode(f"u:{SECRET}!".encode()).decode(),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_in_every_form(form: str) -> None:
    shown = Redaction([Secret(SECRET), None])(f"before {form} after")
    assert "••••" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert len(shown) < len("before  after") + 24, "what is left of it tells no more than its neighbours"


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_a_secret_is_found_anywhere_within_base64(before: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + b"hunter2-canary" + after).decode()
    shown = Redaction([Secret("hunter2-canary")])(encoded)
    assert len(encoded) - len(shown.replace("••••", "")) >= len(base64.b64encode(b"hunter2-canary")) - 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Basic YWRtaW46c2VjcmV0", "Authorization: Basic ••••"),
        ("(b'Authorization', b'Bearer abc.def-123')", "(b'Authorization', b'Bearer ••••')"),
        ('{"Authorization": "bearer abcdef123"}', '{"Authorization": "bearer ••••"}'),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYWRtaW4ifQ.x-y_z back", "got •••• back"),
        ("http://admin:hunter2@proxy.example:3128", "http://••••@proxy.example:3128"),
        (
            '{"users": [{"token": "abc", "expires_after": "2018"}]}',
            '{"users": [{"token": "••••", "expires_after": "2018"}]}',
        ),
        ("{'new_password': 'x'}", "{'new_password': '••••'}"),
        ("GET /?token=abc&page=2", "GET /?token=••••&page=2"),
        ("POST /webhook/s3cr3t?x=1 HTTP/1.1", "POST /webhook/••••?x=1 HTTP/1.1"),
    ],
)
def test_credentials_are_masked_whoever_s_they_are(text: str, shown: str) -> None:
    assert Redaction()(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "the basic authentication was refused; the bearer token is wrong",
        "POST /webhook HTTP/1.1",
        "the login was refused: token expired",
        "https://whatsapp.example:9090/v1/health",
        "media 4b5bf27b-8672-4d55-bc21-123456789012 was asked for",
        "the service of pid 4194303 has ended",
        "a body of 12345678 bytes at 127.0.0.1:65535, 14 days, error 1006",
        "2026-11-22 14:02:03+00:00",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction([Secret("hunter2")])(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("16315551234", "••••1234"),
        ("+1 (631) 555-1234.", "••••1234."),
        ("wa_id=16315551234@c.us", "wa_id=••••1234@c.us"),
        ("/v1/contacts/%2B16315551234/x", "/v1/contacts/%2B••••1234/x"),
        ("wamid-16315551234-1", "wamid-••••1234-1"),
        ('{"from":"16315551234","id":"x"}', '{"from":"••••1234","id":"x"}'),
        ("a16315551234b", "a••••1234b"),
        ("١٦٣١٥٥٥١٢٣٤", "••••١٢٣٤"),
        ("5550123", "••••0123"),
    ],
)
def test_of_a_phone_number_the_last_four_stay(text: str, shown: str) -> None:
    assert Redaction()(text) == shown
    assert Redaction(numbers=True)(text) == text


@given(st.text(max_size=50), st.from_regex(r"[1-9][0-9]{7,14}", fullmatch=True), st.text(max_size=50))
def test_no_number_passes_whatever_surrounds_it(before: str, number: str, after: str) -> None:
    shown = Redaction()(f"{before}{number}{after}")
    if " bytes" not in after:
        assert number not in shown
