"""The numbers inside a step: what a phase did, what a node of the overview holds, and the story of one sample.

Looking changes nothing: every number is read from the trainer's state and from the tensors of the phase.
"""

from server.gan.inspection.answers import (
    Formula,
    Histogram,
    Inspection,
    LayerSummary,
    NodeInspection,
    NodeName,
    ParameterSummary,
    PhaseInspection,
    SampleStory,
    Stage,
    TensorSummary,
    Vector,
)
from server.gan.inspection.moves import Underway
from server.gan.inspection.nodes import inspect_node
from server.gan.inspection.phases import inspect_phase
from server.gan.inspection.story import tell_sample

__all__ = [
    "Formula",
    "Histogram",
    "Inspection",
    "LayerSummary",
    "NodeInspection",
    "NodeName",
    "ParameterSummary",
    "PhaseInspection",
    "SampleStory",
    "Stage",
    "TensorSummary",
    "Underway",
    "Vector",
    "inspect_node",
    "inspect_phase",
    "tell_sample",
]
