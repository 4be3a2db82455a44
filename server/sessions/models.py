"""Saving a session's run as a model, and opening a model in its place."""

from __future__ import annotations

from server.errors import EngineError
from server.gan.config import Catalog, check_config
from server.gan.model_file import Model, build_model
from server.sessions.session import Session

LOADED = "model loaded"
PRETRAINED = "pre-trained model"
"""The marks that a run begins with; the page reads from them whether it stands on a model that the lab came with."""


def save_model(session: Session, catalog: Catalog) -> Model:
    """Give the run's newest state that is here: while it trains, that may be half a second old.

    Raises:
        EngineError: the run has only just been opened.
    """
    config, packed = session.read_saved()
    if not packed:
        raise EngineError("the run is not ready to be saved yet; try again")
    model = build_model(check_config(config, catalog), packed)
    return Model(model.config, model.arrays, session.timeline.find_losses(model.counters["step"]))
