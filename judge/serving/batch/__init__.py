"""Many images: sources in, tables out, in a folder that a run can be stopped in at any moment and go on from."""
