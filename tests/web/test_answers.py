"""Answers made once: the version's tag, the compressed form, and what a browser that has it is told."""

import gzip

import pytest
from starlette.requests import Request

from server.web.answers import Answer, accepts_gzip, make_answer, make_json_answer


def ask(**headers: str) -> Request:
    """A GET request with these headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "headers": raw})


def make_long_answer() -> Answer:
    return make_answer(b"long " * 1000, "text/plain")


def test_a_reader_of_gzip_gets_the_compressed_body() -> None:
    response = make_long_answer().reply(ask(accept_encoding="gzip, deflate, br"))
    assert response.headers["content-encoding"] == "gzip"
    assert len(response.body) < 100
    assert gzip.decompress(bytes(response.body)) == b"long " * 1000


def test_any_other_reader_gets_the_body_as_it_is() -> None:
    response = make_long_answer().reply(ask())
    assert "content-encoding" not in response.headers
    assert response.body == b"long " * 1000
    assert response.headers["vary"] == "Accept-Encoding"


def test_a_browser_that_has_this_version_gets_no_body() -> None:
    answer = make_long_answer()
    tag = answer.reply(ask()).headers["etag"]
    again = answer.reply(ask(if_none_match=f'"old", {tag}'))
    assert (again.status_code, bytes(again.body)) == (304, b"")
    assert answer.reply(ask(if_none_match='W/"old"')).status_code == 200


def test_another_body_has_another_tag() -> None:
    assert make_answer(b"a", "text/plain").tag != make_answer(b"b", "text/plain").tag


def test_numbers_that_json_cannot_say_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        make_json_answer({"loss": float("nan")})


@pytest.mark.parametrize(
    ("accepted", "allowed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip; q=0", False),
        ("gzip;q=0.0", False),
    ],
)
def test_gzip_is_sent_only_where_it_is_allowed(accepted: str, allowed: bool) -> None:
    assert accepts_gzip(accepted) is allowed
