"""Many images: sources in, tables out, in a folder that a run can be stopped in at any moment and go on from."""

# Images that are judged together unless said otherwise. Replies and crops of many go through the model together, and
# nobody waits for the first verdict of many images.
TOGETHER = 32
