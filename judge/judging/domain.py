"""The domain check: a picture that the model was not made for is asked nothing and goes to a person.

A model that reads drawings answers about photographs too, with the same confidence and no ground for it.
What a `Guard` measures is its own business; this module only acts on it. One strange view (a frame of an
animation, say) is enough for the whole picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from judge.errors import ModelError
from judge.judging.sitting import Sitting
from judge.models.protocols import Guard

REASON = "the bundled model reads drawings only"


def keep_out(pictures: Sequence[Sequence[Sitting]], guard: Guard) -> None:
    """Mark every sitting of each picture that is strange to the model; `pictures` are the sittings of each.

    When the guard fails nothing is known of any picture of the batch, so all of them go to a person.
    """
    sittings = [sitting for group in pictures for sitting in group]
    if not sittings:
        return
    try:
        measured = dict(zip(sittings, guard.strangeness([one.view.image for one in sittings]), strict=True))
    except ModelError as error:
        for sitting in sittings:
            sitting.outside = f"whether the model can read this picture is not known: {error.message}"
        return
    for group in pictures:
        worst = max(measured[sitting] for sitting in group)
        for sitting in group:
            sitting.strangeness = round(worst, 6)
            if not sitting.strangeness <= 1.0:
                sitting.outside = REASON
