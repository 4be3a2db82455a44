"""Lessons of learning rates that change with the steps."""

from __future__ import annotations

from server.gan.claims import Claim
from server.gan.preset import Preset

RATES = (
    Preset(
        "rate_decay",
        "Rates that fall to nothing",
        "The default run, but both learning rates fall in a straight line, to nothing at step 3,000.",
        "What the shares of the modes still slosh grows less and less: at the end the points stand still, on all"
        " eight modes.",
        {"techniques": [{"name": "rate_decay", "end": 0.0, "steps": 3000}]},
        claims=(
            Claim("modes20", "at least", 8, 3000, share=0.8),
            Claim("reverse_kl", "at most", 0.12, 3000, share=0.8),
        ),
    ),
    Preset(
        "cyclical_rate",
        "Rates that rise and fall",
        "The default run, but every 500 steps both learning rates rise from a tenth to the double, and fall again.",
        "The points breathe: where the rates are high, at step 2,750, they blur, and where they are low, at step"
        " 3,000, most of them lie inside the modes.",
        {"techniques": [{"name": "cyclical_rate", "low": 0.1, "high": 2.0, "step_size": 250}]},
        claims=(
            Claim("high_quality", "at most", 0.5, 2750, share=0.8),
            Claim("high_quality", "at least", 0.6, 3000, share=0.8),
            Claim("modes20", "at least", 8, 3000, share=0.8),
        ),
    ),
)
