"""What is counted by hand reads as if the Prometheus library had counted it."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from server.tallies import Tallies

EDGES = (0.001, 0.5, 1.0, 4.0)
SIZES = (0.0, 0.001, 0.0011, 0.7, 1.0, 3.0, 4.0, 4.1, 100.0)


def list_lines(registry: CollectorRegistry) -> list[str]:
    """Give what is told, but when the library's counters were made."""
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


def test_a_histogram_and_counters_are_told_as_the_library_tells_them() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tallies = Tallies()
    ours.register(tallies)
    steps = tallies.count("lab_steps", "Steps.")
    texts, frames = tallies.count_each("lab_bytes", "Bytes.", "kind", ("text", "frame"))
    spread = tallies.spread("lab_seconds", "Seconds.", EDGES)
    their_steps = Counter("lab_steps", "Steps.", registry=theirs)
    their_bytes = Counter("lab_bytes", "Bytes.", ["kind"], registry=theirs)
    their_spread = Histogram("lab_seconds", "Seconds.", buckets=EDGES, registry=theirs)
    steps.count += 3
    their_steps.inc(3)
    texts.count, frames.count = 5, 0
    their_bytes.labels("text").inc(5)
    their_bytes.labels("frame")
    for size in SIZES:
        spread.observe(size)
        their_spread.observe(size)
    assert list_lines(ours) == list_lines(theirs)
    assert 'lab_seconds_bucket{le="1.0"} 5.0' in list_lines(ours)
