"""The monitor: watches a run through its readings, and says what goes wrong and where it began.

It says each thing once until the settings change, and judges a changed run by what it does from there on.
Whoever is fed the same readings says the same.
"""

from __future__ import annotations

from typing import NamedTuple

from server.gan.config import RunConfig
from server.gan.monitor.readings import Finding, Reading
from server.gan.monitor.remedies import Remedy, slow_down
from server.gan.monitor.rules import LONG_WINDOW
from server.gan.monitor.symptoms import SYMPTOMS, Symptom


class Verdict(NamedTuple):
    """A symptom by its key, as it was found at a step: where it began, the numbers that show it, and what may help."""

    kind: str
    began_at: int
    step: int
    evidence: dict[str, float]
    sentence: str
    remedies: tuple[Remedy, ...]


class Monitor:
    """Watches one run of a config."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._readings: list[Reading] = []
        self._told: set[str] = set()

    @property
    def judges(self) -> bool:
        """Whether the run is a game of two that both play; only of such a one the symptoms tell."""
        return all(self._config.count_updates().values())

    def take(self, reading: Reading) -> list[Verdict]:
        """Take in a reading, later than those before; returns what it makes clear, if anything."""
        if not (reading.is_finite and self.judges):
            self._readings.clear()
            return []
        self._readings = [*self._readings, reading][-LONG_WINDOW:]
        return [
            self._tell(symptom, finding, reading.step)
            for symptom in SYMPTOMS.values()
            if not symptom.of_failure and symptom.key not in self._told
            if (finding := symptom(self._readings))
        ]

    def take_failure(self, step: int, player: str) -> list[Verdict]:
        """Take in that a number of a player's became infinite at a step; returns what is to be said and was not yet."""
        symptom = SYMPTOMS["diverged"]
        finding = None if symptom.key in self._told else symptom(step, player)
        return [self._tell(symptom, finding, step)] if finding else []

    def configure(self, config: RunConfig) -> None:
        """Begin to judge anew, if the run has other settings from here on."""
        if config != self._config:
            self._config = config
            self.restart()

    def restart(self) -> None:
        """Forget the readings and what was said of them: what follows is another run, or not the game of two."""
        self._readings.clear()
        self._told.clear()

    def _tell(self, symptom: Symptom, finding: Finding, step: int) -> Verdict:
        self._told.add(symptom.key)
        sentence = symptom.sentence.format(**finding.evidence, player=finding.player)
        remedies = symptom.remedies(self._config)
        if finding.player:
            alone = slow_down(finding.player, self._config)
            remedies += tuple(remedy for remedy in alone if remedy not in remedies)
        return Verdict(symptom.key, finding.began_at, step, finding.evidence, sentence, remedies)
