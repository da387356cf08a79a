"""Judging a clip: frames are chosen, judged like images, and looked at more finely where that tells more.

`judging` has the flow; `choosing` says which frames, `spans` what they tell of the time between them, `record` writes
it down. Knows no decoder and no model.
"""
