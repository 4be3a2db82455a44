"""`/metrics`: the lab's counters for Prometheus."""

from functools import partial
from typing import get_args

from fastapi import APIRouter, Response

from server.engine.orders import COARSEST
from server.protocol.messages import State
from server.sessions.hub import Hub
from server.telemetry import MEDIA_TYPE, Telemetry


def metrics_router(hub: Hub, telemetry: Telemetry) -> APIRouter:
    """Give the route, and have asked for what the hub and its pool know at any time."""
    telemetry.ask("ganlab_sessions", "Sessions that are open.", lambda: len(hub.sessions))
    telemetry.ask("ganlab_waiting", "Pages that wait in line for a session.", lambda: len(hub.doorway))
    telemetry.ask("ganlab_readers", "Pages that are connected.", hub.count_readers)
    telemetry.ask("ganlab_runs", "Runs that workers have.", lambda: hub.pool.run_count)
    telemetry.ask_each(
        "ganlab_session_states",
        "Sessions by the state of their run.",
        "state",
        {state: partial(hub.count_state, state) for state in get_args(State)},
    )
    telemetry.ask_each(
        "ganlab_reader_levels",
        "Pages by how much smaller than in full their frames are while their run plays; 0: in full.",
        "level",
        {str(level): partial(hub.count_level, level) for level in range(COARSEST + 1)},
    )
    router = APIRouter()

    @router.get("/metrics")
    async def tell_metrics() -> Response:
        """Tell all counters."""
        return Response(telemetry.tell(), media_type=MEDIA_TYPE)

    return router
