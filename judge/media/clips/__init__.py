"""Untrusted bytes of a clip to frames that a model can be shown, each with the time at which it shows.

1. `sniffing` tells a clip from an image by its first bytes. 2. `opening` has a process of its own (`child`) look
through the file, within limits. 3. There `decoding` decodes every frame once, in order, and `holding` keeps small
copies of those that differ. 4. What comes back is a `Strip`; `looks` tells which of its frames look alike. Later
`stills` makes single frames again (`jumping`). Knows no rule and no model.
"""

from judge.media.clips.opening import opened_clip, reads_clips
from judge.media.clips.sniffing import is_clip, names_clip
from judge.media.clips.stills import stills
from judge.media.clips.strip import Held, Strip, Unseen

__all__ = ["Held", "Strip", "Unseen", "is_clip", "names_clip", "opened_clip", "reads_clips", "stills"]
