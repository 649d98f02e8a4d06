"""Signatures of webhooks: the published example, tampering, old messages, and two secrets while rotating."""

from datetime import UTC, datetime, timedelta

import pytest

from alerting.signing import SignatureRefused, message_id, secret, sign, verify

# The example that the reference libraries of Standard Webhooks publish.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
PAYLOAD = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

OLD, NEW = secret(b"o" * 24), secret(b"n" * 64)


def test_the_published_example():
    """What others sign is what we sign, and is verified."""
    headers = sign([SECRET], ID, AT, PAYLOAD)
    assert headers == {"webhook-id": ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}
    assert verify([SECRET], headers, PAYLOAD, AT) == ID


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "msg_another"),
        ("webhook-timestamp", "1614265331"),
        ("webhook-timestamp", "١٦١٤٢٦٥٣٣٠"),
        ("webhook-timestamp", " 1614265330"),
        ("webhook-timestamp", "9" * 5000),
        ("webhook-signature", SIGNATURE[:-2] + "F="),
        ("webhook-signature", SIGNATURE.replace("v1,", "v1a,")),
        ("webhook-signature", SIGNATURE.removeprefix("v1,")),
        ("webhook-signature", "v1,ü"),
        ("webhook-signature", ""),
    ],
)
def test_a_touched_header_is_refused(name, value):
    """Each header counts."""
    with pytest.raises(SignatureRefused):
        verify([SECRET], sign([SECRET], ID, AT, PAYLOAD) | {name: value}, PAYLOAD, AT)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(name):
    """Not one may be left out."""
    headers = sign([SECRET], ID, AT, PAYLOAD)
    del headers[name]
    with pytest.raises(SignatureRefused, match="needed"):
        verify([SECRET], headers, PAYLOAD, AT)


def test_a_touched_payload_is_refused():
    """One byte more is another message."""
    with pytest.raises(SignatureRefused, match="no signature fits"):
        verify([SECRET], sign([SECRET], ID, AT, PAYLOAD), PAYLOAD + b" ", AT)


def test_names_of_headers_have_no_case():
    """HTTP does not promise to keep it."""
    headers = {name.title(): value for name, value in sign([SECRET], ID, AT, PAYLOAD).items()}
    assert verify([SECRET], headers, PAYLOAD, AT) == ID


@pytest.mark.parametrize(("minutes", "good"), [(-5.1, False), (-5, True), (0, True), (5, True), (5.1, False)])
def test_five_minutes_either_way(minutes, good):
    """A recorded message cannot be played again later, and a clock may be a little wrong."""
    headers = sign([SECRET], ID, AT, PAYLOAD)
    now = AT + timedelta(minutes=minutes)
    if good:
        assert verify([SECRET], headers, PAYLOAD, now) == ID
    else:
        with pytest.raises(SignatureRefused, match="away"):
            verify([SECRET], headers, PAYLOAD, now)


def test_rotation():
    """While both ends change their secrets, in whatever order, every message is believed; afterwards no old one."""
    both = sign([NEW, OLD], ID, AT, PAYLOAD)
    assert verify([OLD], both, PAYLOAD, AT) == verify([NEW], both, PAYLOAD, AT) == ID
    assert verify([NEW, OLD], sign([OLD], ID, AT, PAYLOAD), PAYLOAD, AT) == ID
    with pytest.raises(SignatureRefused):
        verify([NEW], sign([OLD], ID, AT, PAYLOAD), PAYLOAD, AT)


def test_without_a_secret_nothing_is_believed():
    """An empty list of secrets verifies nothing and signs nothing."""
    with pytest.raises(SignatureRefused):
        verify([], sign([SECRET], ID, AT, PAYLOAD), PAYLOAD, AT)
    with pytest.raises(ValueError, match="without a secret"):
        sign([], ID, AT, PAYLOAD)


@pytest.mark.parametrize("wrong", ["", "whsec_", SECRET.removeprefix("whsec_"), "whsec_c2hvcnQ=", SECRET + "*"])
def test_a_secret_that_is_none_is_refused_without_being_shown(wrong):
    """The mistake is told, the secret is not."""
    with pytest.raises(ValueError, match="24 to 64 bytes") as refused:
        sign([wrong], ID, AT, PAYLOAD)
    assert "TwjUPD8ILPZ" not in str(refused.value)
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        secret(b"short")


def test_an_id_with_a_dot_cannot_lend_its_signature():
    """The dot divides the signed text: `a.1` at 2 would be signed like `a` at 1 with `2.` before the payload."""
    with pytest.raises(ValueError, match="without a dot"):
        sign([SECRET], "a.1", AT, PAYLOAD)
    with pytest.raises(ValueError, match="without a dot"):
        sign([SECRET], "a\nb", AT, PAYLOAD)
    assert "." not in message_id("a.1")
    assert len({message_id(text) for text in ("a.1", "a%2E1", "a%252E1")}) == 3
