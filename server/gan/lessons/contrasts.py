"""Lessons in which the generator pays for its samples themselves: without a discriminator, or besides its judgement."""

from __future__ import annotations

from server.gan.claims import Claim
from server.gan.lessons.company import COLLAPSE
from server.gan.preset import Preset

CONTRASTS = (
    Preset(
        "mmd",
        "No discriminator: MMD",
        "The generator alone: its points pay for being near each other and earn by being near real ones, in pairs.",
        "All eight modes are reached within a few hundred steps, evenly, and stay so; but between them a haze remains.",
        {"loss": {"name": "mmd"}, "batch_size": 256},
        claims=(
            Claim("modes20", "at least", 8, 1000),
            Claim("reverse_kl", "at most", 0.02, 1000),
            Claim("high_quality", "at most", 0.35, 1000),
        ),
    ),
    Preset(
        "energy",
        "No discriminator: energy distance",
        "As with MMD, but distances count in place of kernels: far pairs weigh most, and what is near hardly weighs.",
        "The points find the ring and share it evenly at once; then they gather at the modes only very slowly.",
        {"loss": {"name": "energy"}, "batch_size": 256},
        claims=(
            Claim("modes20", "at least", 8, 1000),
            Claim("reverse_kl", "at most", 0.02, 1000),
            Claim("high_quality", "at most", 0.6, 1000, beside="mmd"),
        ),
    ),
    Preset(
        "flow_matching",
        "No discriminator: flow matching",
        "The generator learns velocities: which way noise has to flow, at every place and time, to become the data.",
        "The noise flows together into the eight modes, evenly, and stays so; the loss hardly falls any more, because"
        " ways that cross want different velocities at one place.",
        {"loss": {"name": "flow_matching"}},
        claims=(
            Claim("modes20", "at least", 8, 1000),
            Claim("reverse_kl", "at most", 0.05, 1000),
            Claim("sliced_w2", "at most", 0.3, 1000),
        ),
    ),
    Preset(
        "one_step",
        "Flow matching in one step",
        "The very same training; but a sample goes the whole way at one velocity, that in the middle of the way.",
        "No sample gets into a mode: the ways are not straight, so one long step misses. Turn up the number of midpoint"
        " steps, and the ring of modes is there at once, without any more training.",
        {"loss": {"name": "flow_matching", "steps": 1}},
        claims=(
            Claim("sliced_w2", "at least", 0.5, 1000),
            Claim("sliced_w2", "at least", 2, 1000, beside="flow_matching"),
            Claim("high_quality", "at most", 0.02, 1000),
        ),
    ),
    Preset(
        "glo",
        "No discriminator: learned codes",
        "Each of 512 points has a code of its own. Codes and generator learn together to rebuild every point.",
        "Switch on Reconstructions: the arrows vanish, as every point comes back to its place. Yet the samples do not"
        " gather in the modes: they are made of noise between the codes, and bridge from mode to mode. To rebuild what"
        " is known is not yet to draw from its law.",
        {"loss": {"name": "glo"}, "data": {"name": "ring8", "size": 512}},
        claims=(
            Claim("reconstruction", "at least", 1.9, 1),
            Claim("reconstruction", "at most", 0.06, 1000),
            Claim("high_quality", "at most", 0.03, 1000),
        ),
    ),
    Preset(
        "coupling_flow",
        "No discriminator: a coupling flow",
        "Noise is bent into the data by six steps that can be undone, so the likelihood of every real point is known,"
        " and is what the generator raises.",
        "All eight modes are reached within a few hundred steps. But a flow cannot tear the plane: bridges stay between"
        " the modes, and few points lie inside one.",
        {"loss": {"name": "coupling_flow"}},
        claims=(
            Claim("modes20", "at least", 8, 1000),
            Claim("high_quality", "at most", 0.15, 1000),
        ),
    ),
    Preset(
        "mode_seeking",
        "Mode collapse, and mode seeking",
        "The preset Mode collapse, where the generator also pays when noise far apart becomes points close together.",
        "The points no longer clump: they are strewn over most of the modes. But apart is not yet right, and hardly one"
        " lies inside a mode.",
        {**COLLAPSE, "regularizers": [{"name": "mode_seeking"}]},
        claims=(
            Claim("modes20", "at least", 5, 3000, share=0.8),
            Claim("high_quality", "at most", 0.05, 3000),
        ),
    ),
)
