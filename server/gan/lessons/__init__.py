"""The presets that teach: each shows one phenomenon, in one sentence, and claims it in numbers that a program checks.

The numbers were measured over five seeds (`ganlab check-lessons`), on the ring of eight where nothing else is said;
the bounds leave room for other seeds. Where a claim is made beside another preset, both train with the same seeds.
"""

from __future__ import annotations

from server.gan.lessons.company import COMPANY
from server.gan.lessons.contrasts import CONTRASTS
from server.gan.lessons.diffusion import DIFFUSION
from server.gan.lessons.divergences import DIVERGENCES
from server.gan.lessons.encoders import ENCODERS
from server.gan.lessons.few_data import FEW_DATA
from server.gan.lessons.games import GAMES
from server.gan.lessons.noise import NOISE
from server.gan.lessons.rates import RATES
from server.gan.lessons.retraining import RETRAINING
from server.gan.lessons.sampling import SAMPLING
from server.gan.lessons.training import TRAINING

LESSONS = (
    *TRAINING,
    *COMPANY,
    *GAMES,
    *FEW_DATA,
    *RETRAINING,
    *DIFFUSION,
    *NOISE,
    *RATES,
    *SAMPLING,
    *CONTRASTS,
    *DIVERGENCES,
    *ENCODERS,
)
