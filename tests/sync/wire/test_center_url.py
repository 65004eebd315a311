"""A center's address is read alike by who tells it and by who goes there."""

from __future__ import annotations

import pytest

from sync.wire import center_url
from sync.wire.center_url import CENTER_URL_MAX
from sync.wire.errors import Malformed


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("center.example", "not an http or https address"),
        ("https:/center.example", "not an http or https address"),
        ("http://center.example", "use https"),
        ("http://10.0.0.1:80", "use https"),
        ("https://center.example ", "there is a blank in it"),
        ("https://center.example\n", "there is a blank in it"),
        ("https://a:b@center.example", "only host, port and path"),
        ("https://center.example/?x=1", "only host, port and path"),
        ("https://center.example:99999", "99999"),
        ("https://" + "c" * (CENTER_URL_MAX - 7), "is longer than 200"),
    ],
)
def test_an_address_that_no_till_would_take_is_refused(url: str, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        center_url.read(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://localhost:8080/", "localhost:8080"),
        ("http://[::1]:81", "[::1]:81"),
        ("http://127.9.9.9", "127.9.9.9"),
        ("https://center.example", "center.example"),
        ("https://center.example:8443/a/", "center.example:8443"),
        ("https://" + "c" * (CENTER_URL_MAX - 8), "c" * (CENTER_URL_MAX - 8)),
    ],
)
def test_an_address_is_read(url: str, authority: str) -> None:
    assert center_url.read(url).authority == authority


def test_a_path_is_kept_without_its_last_stroke() -> None:
    assert center_url.read("https://center.example:8443/a/").path == "/a"
