"""Turns policies written elsewhere into constitution files. Knows no model and no image."""
