"""The reference: it has every unit of the catalogue, by construction, and is written once."""

import re
import xml.etree.ElementTree as ElementTree
from html import escape
from html.parser import HTMLParser
from itertools import permutations
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.templating import Jinja2Templates
from starlette.requests import Request

from server.engine.pool import Pool
from server.gan.catalog import build_catalog
from server.settings import Settings
from server.web.assets import find_folder
from server.web.facts import describe_facts, describe_parameter, list_apart, list_code, write_number
from server.web.formulas import has_formula, split_equations
from server.web.links import link_unit, write_fragment
from server.web.pages import MOST_ADDRESSES, ReferencePage, pages_router
from server.web.reference import KINDS, build_reference
from tests.web.clients import open_client

CATALOG = build_catalog()
UNITS = [(kind, unit) for kind, units in CATALOG.items() if isinstance(units, list) for unit in units]
NAMES = [f"{kind}-{unit['key']}" for kind, unit in UNITS]
MATHML = "{http://www.w3.org/1998/Math/MathML}math"


class Page(HTMLParser):
    """A page as its elements' starts, in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a start tag."""
        self.starts.append((tag, dict(attrs)))

    def list_values(self, tag: str, name: str) -> list[str]:
        """The values of an attribute of all elements of a name."""
        return [value for found, attributes in self.starts if found == tag and (value := attributes.get(name))]


def find(kind: str, key: str) -> dict[str, Any]:
    """A unit's facts."""
    unit: dict[str, Any] = next(unit for unit in CATALOG[kind] if unit["key"] == key)
    return unit


def request_at(host: str) -> Request:
    """A request for the reference at that address of the lab."""
    scope = {"type": "http", "method": "GET", "path": "/reference", "query_string": b"", "scheme": "http"}
    return Request({**scope, "headers": [(b"host", host.encode())], "server": (host, 80), "root_path": ""})


async def ask(pool: Pool, **headers: str) -> httpx.Response:
    """The reference of a lab with that pool."""
    app = FastAPI()
    app.include_router(pages_router(pool, Settings()))
    async with open_client(app) as client:
        return await client.get("/reference", headers=headers)


def test_every_unit_of_every_kind_has_its_entry_in_the_order_of_the_catalogue() -> None:
    entries = [entry for chapter in build_reference(CATALOG) for entry in chapter.entries]
    assert [entry.anchor for entry in entries] == NAMES
    assert [entry.help for entry in entries] == [unit["help"] for _, unit in UNITS]
    assert [entry.see for entry in entries] == [unit.get("see", "") for _, unit in UNITS]
    assert len(set(NAMES)) == len(NAMES) > 80


REFERENCE = build_reference(CATALOG)
SEEN = ("datasets", "latents", "activations", "inits", "losses", "regularizers", "techniques", "optimizers")
"""The kinds whose units a student turns on, and should see at work."""


@pytest.mark.parametrize(("kind", "key"), [(kind, unit["key"]) for kind, unit in UNITS if kind in SEEN])
def test_every_unit_that_is_turned_on_says_in_a_sentence_or_two_what_is_seen(kind: str, key: str) -> None:
    see = find(kind, key)["see"]
    assert re.fullmatch(r"[A-Z\"].+[^.]\.", see)
    assert len(see) <= 240
    assert "  " not in see
    assert see != find(kind, key)["help"]


def test_what_is_seen_stands_on_the_page_once_and_a_search_finds_it() -> None:
    (chapter,) = [chapter for chapter in build_reference(CATALOG) if chapter.key == "regularizers"]
    entry = next(entry for entry in chapter.entries if entry.anchor == "regularizers-weight_clipping")
    assert entry.see == find("regularizers", "weight_clipping")["see"]
    assert "almost a plane" in entry.words


def test_code_that_needs_points_drawn_once_is_listed_with_them() -> None:
    (listing,) = list_code(find("latents", "finite"))
    assert listing.text.splitlines() == [
        "latents = draws.normal(size, dimension)  # once, before training",
        "z = latents[draws.integers(size, count)]",
    ]


def test_every_kind_has_a_heading_and_says_what_its_units_are_for() -> None:
    assert {kind for kind, _ in UNITS} <= set(KINDS)


def test_a_kind_that_is_new_is_there_before_anybody_names_it() -> None:
    chapters = build_reference({**CATALOG, "gadgets": [find("losses", "hinge")]})
    assert (chapters[-1].title, [entry.anchor for entry in chapters[-1].entries]) == ("Gadgets", ["gadgets-hinge"])


@pytest.mark.parametrize(("kind", "unit"), [pair for pair in UNITS if has_formula(pair[1])])
def test_every_equation_is_well_formed_and_none_of_a_formula_is_lost(kind: str, unit: dict[str, Any]) -> None:
    entries = (entry for chapter in REFERENCE for entry in chapter.entries)
    equations = next(entry for entry in entries if entry.anchor == f"{kind}-{unit['key']}").equations
    assert equations
    for equation in equations:
        root = ElementTree.fromstring(equation)
        assert root.tag == MATHML
        assert "\\" not in "".join(root.itertext())
    squeeze = re.compile(r"\\quad|,|\s")
    assert squeeze.sub("", "".join(split_equations(unit["formula"]))) == squeeze.sub("", unit["formula"])


@pytest.mark.parametrize(
    ("latex", "equations"),
    [
        (r"a = 1, \quad b = 2", ["a = 1", "b = 2"]),
        (r"a = \{1 \quad 2\}", [r"a = \{1", r"2\}"]),
        (r"\text{if } {a \quad b}", [r"\text{if } {a \quad b}"]),
        (r"\begin{cases} a & \quad b \end{cases}", [r"\begin{cases} a & \quad b \end{cases}"]),
        (r"x, y", ["x, y"]),
    ],
)
def test_a_formula_is_parted_at_wide_spaces_outside_of_all_brackets(latex: str, equations: list[str]) -> None:
    assert split_equations(latex) == equations


@pytest.mark.parametrize(
    ("kind", "key", "link"),
    [
        ("losses", "hinge", "/#loss=hinge"),
        ("regularizers", "r1", "/#regularizers=r1"),
        ("optimizers", "sgd", "/#d_optimizer=sgd&g_optimizer=sgd"),
        ("activations", "tanh", "/#discriminator.activation=tanh&generator.activation=tanh"),
        ("inits", "orthogonal", "/#discriminator.init=orthogonal&generator.init=orthogonal"),
        ("presets", "collapse", "/#preset=collapse"),
        ("metrics", "grid_js", None),
        ("symptoms", "diverged", None),
    ],
)
def test_a_unit_of_a_run_has_a_link_that_names_it_wherever_it_belongs(kind: str, key: str, link: str | None) -> None:
    assert link_unit(kind, find(kind, key), CATALOG) == link


def test_a_unit_comes_with_the_company_that_it_needs_where_the_default_is_no_such() -> None:
    regularizer = {"key": "smooth", "goes_with": {"loss": ["hinge", "wasserstein"]}}
    assert link_unit("regularizers", regularizer, CATALOG) == "/#loss=hinge&regularizers=smooth"
    content = {"key": "smooth", "goes_with": {"loss": ["minimax", "non_saturating"]}}
    assert link_unit("regularizers", content, CATALOG) == "/#regularizers=smooth"


def test_a_fragment_encodes_what_the_page_does_and_is_in_order() -> None:
    assert write_fragment({"b": "1,2;3:4/5", "a": "x & y=50%"}) == "a=x%20%26%20y%3D50%25&b=1,2;3:4/5"


def test_a_metric_tells_its_direction_its_bounds_its_cost_and_when_it_lies() -> None:
    for unit in CATALOG["metrics"]:
        facts = dict(describe_facts(unit, CATALOG))
        assert facts["Better"] == f"{unit['better']} is better"
        assert facts["When it lies"] == unit["lies"]
        assert {"Scores", "Floor", "Cost"} <= set(facts)
    js = dict(describe_facts(find("metrics", "grid_js"), CATALOG))
    assert js["Scores"] == "from 0 to 1, bit"
    assert js["Floor"] == "a perfect generator scores 0.0038 (Ring of eight), 0.02 (Swiss roll)"


def test_a_unit_that_needs_company_says_which_and_why() -> None:
    facts = dict(describe_facts(find("regularizers", "label_smoothing"), CATALOG))
    assert facts["Goes with"].startswith("loss: Non-saturating or Minimax (saturating), because it changes")


def test_a_technique_and_a_regularizer_that_are_kept_apart_both_say_so() -> None:
    for (kind, one), (other_kind, other) in permutations((("techniques", "bigan"), ("regularizers", "dragan"))):
        reasons = dict(list_apart(find(kind, one), CATALOG))
        assert reasons[find(other_kind, other)["label"]].startswith("it looks around points")


def test_two_techniques_that_are_kept_apart_both_say_so() -> None:
    for one, other in (("rate_decay", "cyclical_rate"), ("cyclical_rate", "rate_decay")):
        assert find("techniques", other)["label"] in dict(list_apart(find("techniques", one), CATALOG))


def test_what_a_unit_is_not_together_with_is_a_list_in_the_order_of_the_alphabet() -> None:
    names = [name for name, _ in list_apart(find("techniques", "bigan"), CATALOG)]
    assert len(names) > 10
    assert names == sorted(names)


def test_what_a_unit_goes_with_is_named_by_labels_alone() -> None:
    assert dict(describe_facts(find("losses", "coupling_flow"), CATALOG))["Goes with"].startswith("noise: Normal,")
    assert "; size of the data set of 1 or more" in dict(describe_facts(find("losses", "glo"), CATALOG))["Goes with"]


def test_a_parameter_tells_its_range_and_whether_a_change_applies_at_once() -> None:
    gamma = describe_parameter(find("regularizers", "r1")["parameters"][0], restarts=False)
    assert (gamma["label"], gamma["default"], gamma["change"]) == ("Gamma", "0.1", "applies at once")
    points = describe_parameter(find("datasets", "points")["parameters"][0], restarts=True)
    assert points["range"] == "1 to 20,000 points, each coordinate −1,000,000 to 1,000,000"
    assert points["change"] == "begins a new run"


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (20000, "20,000"), (1e-05, "0.00001"), (-0.5, "−0.5")])
def test_numbers_are_written_for_a_reader(value: float, text: str) -> None:
    assert write_number(value) == text


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_has_an_anchor_and_a_line_in_the_contents_for_every_unit(pool: Pool) -> None:
    answer = await ask(pool)
    page = Page(answer.text)
    assert answer.status_code == 200
    assert page.list_values("article", "id") == NAMES
    assert [address for address in page.list_values("a", "href") if "-" in address] == [f"#{name}" for name in NAMES]
    assert answer.text.count("What you see") == sum(bool(unit.get("see")) for _, unit in UNITS)
    assert escape(find("activations", "relu")["see"]) in answer.text
    ids = [attributes["id"] for _, attributes in page.starts if attributes.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_is_written_once_for_an_address_and_few_addresses_are_kept(pool: Pool) -> None:
    reference = ReferencePage(pool, Jinja2Templates(directory=find_folder("templates")))
    first = reference.write(request_at("127.0.0.1"))
    assert reference.write(request_at("127.0.0.1")) is first
    assert b"http://127.0.0.1/static/img/lab.png" in first.body
    for number in range(MOST_ADDRESSES):
        reference.write(request_at(f"10.0.0.{number}"))
    assert reference.write(request_at("127.0.0.1")) is not first


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_is_not_sent_to_a_browser_that_has_it(pool: Pool) -> None:
    first = await ask(pool)
    again = await ask(pool, **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_has_no_script_of_its_own_and_none_from_elsewhere(pool: Pool) -> None:
    page = Page((await ask(pool)).text)
    scripts = [attributes.get("src") or "" for tag, attributes in page.starts if tag == "script"]
    assert scripts
    assert [path for path in scripts if not path.startswith("/static/")] == []


async def test_while_the_lab_starts_the_page_says_so_and_asks_again() -> None:
    answer = await ask(Pool(Settings()))
    assert (answer.status_code, answer.headers["refresh"]) == (503, "2")
    assert "This page asks again by itself" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
