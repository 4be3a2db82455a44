"""How what one example costs grows with its score, by the loss's own formula."""

from __future__ import annotations

from server.gan.export.snippets import turn_scores
from server.gan.inspection.answers import Formula
from server.gan.inspection.formulas import explain_functions, tell
from server.gan.inspection.moments import Moment, Sort
from server.gan.inspection.tellers import LOGIT_SYMBOLS, SAMPLE_WORDS
from server.gan.worked import Line

STEP = r"\mathrm{H}"


def tell_own_slope(moment: Moment, sort: Sort, value: float) -> list[Formula]:
    """Tell the slope `value` of one example's price at its real or generated score; nothing if no formula gives it."""
    loss = moment.trainer.loss
    templates = dict(zip(("real", "fake"), loss.d_slopes, strict=False))
    if moment.player == "generator":
        templates = dict(zip(("fake",), loss.g_slopes, strict=False))
        if moment.trainer.craft.encoder:
            # The price of a turned score falls where that of the score rises: a minus more, and these begin with one.
            rise = templates["fake"].removeprefix("-")
            templates["real"] = turn_scores(rise, "<fake_logit>", "<real_logit>")
    if sort not in templates:
        return []
    logits = (name for name in ("real_logit", "fake_logit") if f"{name}s" in moment.known)
    numbers = {name: moment.known[f"{name}s"][moment.row].item() for name in logits}
    meaning = f"How what this {SAMPLE_WORDS[sort]} sample costs grows with its score."
    if STEP in templates[sort]:
        meaning = f"{meaning[:-1]}; H(h) is 1 for a positive h and 0 otherwise."
    symbol = rf"\frac{{\partial \ell}}{{\partial {LOGIT_SYMBOLS[f'{sort}_logit']}}}"
    own = tell(Line("own", templates[sort], meaning), {**LOGIT_SYMBOLS, "own": symbol}, {**numbers, "own": value})
    return [own, *explain_functions(templates[sort], numbers)]
