"""A config is complete, or refused with the dotted name of what is wrong."""

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ConfigError, Term
from server.gan.assignments import assign
from server.gan.config import LIST_SECTIONS, UNIT_SECTIONS, check_config, describe_changes, restarts
from tests.tools.runs import catalog, make_config

SECTIONS = {**{section: kind for section, (kind, _) in UNIT_SECTIONS.items()}, **LIST_SECTIONS}
CONTRACT = {
    "version": 1,
    "seed": 0,
    "latent": {"name": "normal", "dimension": 2},
    "generator": {"hidden_layers": 2, "width": 64, "activation": "relu"},
    "discriminator": {"hidden_layers": 2, "width": 64, "activation": "relu"},
    "loss": {"name": "non_saturating"},
    "regularizers": [],
    "techniques": [],
    "d_optimizer": {"name": "adam", "learning_rate": 0.001, "beta1": 0.5, "beta2": 0.999},
    "g_optimizer": {"name": "adam", "learning_rate": 0.001, "beta1": 0.5, "beta2": 0.999},
    "d_updates": 1,
    "g_updates": 1,
    "batch_size": 128,
}


def test_missing_keys_take_the_defaults_of_the_contract() -> None:
    plain = make_config().to_json()
    assert plain.pop("data")["name"] == "ring8"
    assert plain == CONTRACT


def test_a_config_survives_json() -> None:
    config = make_config("seed=7", "data.name=points", "loss.name=least_squares")
    assert check_config(json.loads(json.dumps(config.to_json())), catalog()) == config


@pytest.mark.parametrize(
    ("assignment", "key"),
    [
        ("sed=1", "sed"),
        ("generator.depth=3", "generator.depth"),
        ("generator.width=0", "generator.width"),
        ("generator.width=2.5", "generator.width"),
        ("generator.width=true", "generator.width"),
        ('generator.width="64"', "generator.width"),
        ("generator.activation=swish", "generator.activation"),
        ("d_optimizer.learning_rate=NaN", "d_optimizer.learning_rate"),
        ("d_optimizer.learning_rate=11", "d_optimizer.learning_rate"),
        ("d_optimizer.gamma=1", "d_optimizer.gamma"),
        ("loss.name=hinj", "loss.name"),
        ("loss=minimax", "loss"),
        ("regularizers={}", "regularizers"),
        ('regularizers=[{"name": "r0"}]', "regularizers.0.name"),
        ("seed=-1", "seed"),
        ("seed=4294967296", "seed"),
        ("version=2", "version"),
        ("data.points=[[0, 1]]", "data.points"),
    ],
)
def test_what_is_wrong_is_named_by_its_dotted_key(assignment: str, key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make_config(assignment)
    assert refused.value.key == key
    assert str(refused.value).startswith(f"{key}: ")


@pytest.mark.parametrize(
    ("points", "key"),
    [("[]", "data.points"), ("[[0]]", "data.points.0"), ("[[0, null]]", "data.points.0.1"), ("7", "data.points")],
)
def test_a_wrong_point_is_named(points: str, key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make_config("data.name=points", f"data.points={points}")
    assert refused.value.key == key


def test_naming_another_unit_forgets_the_old_units_values() -> None:
    config = make_config("d_optimizer.beta1=0.9", "d_optimizer.name=sgd")
    assert set(config.d_optimizer.values) == {"learning_rate"}


def test_an_assignment_without_a_value_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"expected dotted\.key=value"):
        assign({}, "seed")


def test_an_assignment_leaves_its_config_alone() -> None:
    plain = {"loss": {"name": "minimax"}}
    assign(plain, "loss.name=least_squares")
    assert plain == {"loss": {"name": "minimax"}}


@pytest.mark.parametrize(
    ("assignment", "begins_anew"),
    [
        ("generator.width=8", True),
        ("latent.dimension=1", True),
        ("data.name=ring", True),
        ("seed=1", True),
        ("d_optimizer.learning_rate=0.1", False),
        ("loss.name=minimax", False),
        ("d_updates=3", False),
        ("batch_size=16", False),
    ],
)
def test_p40_a_change_says_whether_it_begins_a_new_run(assignment: str, begins_anew: bool) -> None:
    assert restarts(make_config(), make_config(assignment)) is begins_anew


def test_changes_are_listed_by_dotted_key() -> None:
    changes = describe_changes(make_config(), make_config("g_optimizer.learning_rate=0.01", "d_updates=2"))
    assert changes == {"g_optimizer.learning_rate": (0.001, 0.01), "d_updates": (1, 2)}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from([*CONTRACT, "data", "seed", "odd"])


@given(st.dictionaries(keys, json_values, max_size=4))
def test_any_json_is_completed_or_refused_in_words(plain: dict[str, object]) -> None:
    words, config = "", None
    try:
        config = check_config(plain, catalog())
    except ConfigError as refused:
        words = str(refused)
    if config is None:
        assert 0 < len(words) < 400
    else:
        assert check_config(config.to_json(), catalog()) == config


def list_refusals() -> Iterator[ConfigError]:
    """Every regularizer and technique beside every loss and every noise: what is refused of that, and wrong names."""
    others = [
        {section: {"name": unit["key"]}} for section in ("loss", "latent") for unit in catalog()[SECTIONS[section]]
    ]
    units = [{section: [{"name": unit["key"]}]} for section in LIST_SECTIONS for unit in catalog()[section]]
    wrong = [*({section: {"name": "none"}} for section in UNIT_SECTIONS), {"generator": {"activation": "none"}}]
    for plain in (*others, *wrong, *({**other, **unit} for other in others for unit in units)):
        try:
            check_config(plain, catalog())
        except ConfigError as refusal:
            yield refusal


def find_choices(place: str) -> set[str]:
    """The keys that may stand at a place of a run."""
    section = place.partition(".")[0]
    kind = "activations" if place.endswith(".activation") else SECTIONS[section]
    return {unit["key"] for unit in catalog()[kind]}


def test_a_key_in_a_refusal_is_told_by_where_it_may_stand() -> None:
    terms = {word for refusal in list_refusals() for word in refusal.words if isinstance(word, Term)}
    assert [term for term in terms if term.place and term.key not in find_choices(term.place)] == []
    assert {term.key for term in terms if not term.place} == {"data.size"}
    assert {term.place.partition(".")[0] for term in terms} >= {"", "generator", *UNIT_SECTIONS, *LIST_SECTIONS}


def test_a_refusal_that_says_with_what_a_unit_goes_begins_with_the_unit() -> None:
    refusals = [refusal for refusal in list_refusals() if re.search(r" goes with | does not go with ", str(refusal))]
    assert [str(refusal) for refusal in refusals if not isinstance(refusal.words[0], Term)] == []
    assert len(refusals) > 100
