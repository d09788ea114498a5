"""Where webhooks may go: nowhere inside unasked, and to the address that was checked."""

import ipaddress

import pytest

from nanwatch_monitor.alerts.targets import TargetError, checked, is_internal

INTERNAL = """
127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1
255.255.255.255 192.0.0.192 168.63.129.16 198.18.0.1 192.0.2.1 100.100.100.200
::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1
2002:7f00:1:: 2001:0:1:: fd00:ec2::254 64:ff9b:1::a9fe:a9fe ::127.0.0.1 fec0::1 5f00::1 2001:db8::1
"""


@pytest.mark.parametrize("address", INTERNAL.split())
def test_internal_addresses_are_known(address):
    assert is_internal(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_public_addresses_are_let_through(address):
    assert not is_internal(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://8.8.8.8/", "file:///etc/passwd", "//8.8.8.8", "http://", "http://8.8.8.8:99999/",
        "http://localhost/", "http://127.1/", "http://2130706433/", "http://[::1]/", "http://[::1",
        "http://0x7f000001/", "http://0177.0.0.1/", "http://0/", "http://localhost./",
        "http://\uff11\uff12\uff17.0.0.1/", "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/",
        "http://8.8.8.8@127.0.0.1/", "http://8.8.8.8\\@127.0.0.1/", "http://[::ffff:7f00:1]/",
        "http://[fe80::1%25lo]/", "http://127.0.0.1:80#@8.8.8.8/", "http://127.0.0.1\t/",
        "http://no-such-host.invalid/",
    ],
)  # fmt: skip
def test_a_forbidden_or_unknown_target_is_refused(url):
    with pytest.raises(TargetError):
        checked(url, allowed=())


def test_the_connection_goes_to_the_checked_address():
    target = checked("http://localhost:8080/a?b=1", allowed=["localhost"])
    assert ipaddress.ip_address(target.address).is_loopback
    assert (target.host_header, target.path) == ("localhost:8080", "/a?b=1")


def test_without_tls_only_what_an_admin_named_is_reached():
    with pytest.raises(TargetError, match="https"):
        checked("http://8.8.8.8/", allowed=(), plain=False)
    assert checked("http://8.8.8.8/", allowed=("8.8.8.0/24",), plain=False).address == "8.8.8.8"
    assert checked("https://8.8.8.8/", allowed=(), plain=False).scheme == "https"
