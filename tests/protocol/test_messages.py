"""What a page may say is read; all else is refused in words that name the field."""

import json

import pytest
from pydantic import ValidationError

from server.errors import ConfigError, MessageError, Term
from server.protocol.messages import Credit, Failure, Hello, Status, Step, find_id, parse_message


def test_a_message_is_read_with_its_defaults() -> None:
    assert parse_message('{"type": "step", "id": 3}') == Step(id=3, player="both", count=1)
    assert parse_message('{"type": "hello"}') == Hello()
    assert parse_message('{"type": "credit"}') == Credit(count=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "message"),
        ("rubbish", "message"),
        ("[]", "message"),
        ('{"id": 1}', "type"),
        ('{"type": "shout", "id": 1}', "shout"),
        ('{"type": "play"}', "play.id"),
        ('{"type": "play", "id": "1"}', "play.id"),
        ('{"type": "play", "id": true}', "play.id"),
        ('{"type": "play", "id": -1}', "play.id"),
        ('{"type": "play", "id": 1, "rate": NaN}', "play.rate"),
        ('{"type": "play", "id": 1, "rate": 1e999}', "play.rate"),
        ('{"type": "play", "id": 1, "speed": 3}', "play.speed"),
        ('{"type": "step", "id": 1, "count": 10001}', "step.count"),
        ('{"type": "step", "id": 1, "count": 1.5}', "step.count"),
        ('{"type": "watch", "layers": ["everything"]}', "watch.layers.0"),
        ('{"type": "reset", "id": 1, "seed": 4294967296}', "reset.seed"),
        ('{"type": "configure", "id": 1, "config": ' + "[" * 5000 + "]" * 5000 + "}", "message"),
    ],
)
def test_a_wrong_message_is_refused_and_the_field_named(text: str, words: str) -> None:
    with pytest.raises(MessageError, match=words):
        parse_message(text)


def test_a_refused_command_is_answered_by_its_id() -> None:
    assert find_id('{"type": "shout", "id": 12}') == 12
    assert [find_id(text) for text in ("", "[1]", '{"id": true}', '{"id": "1"}', "[" * 100_000)] == [None] * 5


def test_a_refusal_can_always_be_sent() -> None:
    with pytest.raises(MessageError) as refusal:
        parse_message('{"type": "play", "id": 1, "\\ud800": NaN}')
    assert Failure(id=None, message=str(refusal.value)).model_dump_json()


def test_a_refused_description_is_answered_in_words_and_in_parts() -> None:
    error = ConfigError("techniques.0.name", Term("ema", "techniques.0.name"), " goes with a ", Term("data.size"))
    answer = Failure.read(3, error)
    assert json.loads(answer.model_dump_json()) == {
        "type": "failure",
        "id": 3,
        "message": "techniques.0.name: ema goes with a data.size",
        "refusal": {
            "path": "techniques.0.name",
            "words": [
                {"key": "ema", "place": "techniques.0.name"},
                " goes with a ",
                {"key": "data.size", "place": ""},
            ],
        },
    }
    assert Failure.model_validate_json(answer.model_dump_json()) == answer
    assert Failure.read(3, MessageError("message: expected text")).refusal is None


def test_a_message_does_not_change_and_does_not_guess() -> None:
    status = Status(state="paused", step=0, d_updates=0, g_updates=0, first=0, head=0, revision=1, steps_per_second=0.0)
    with pytest.raises(ValidationError):
        status.step = 3  # type: ignore[misc]  # frozen: that is what is tested
