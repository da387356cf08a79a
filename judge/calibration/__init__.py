"""Bounds per rule from a few dozen images: `facts` gathers, `control` computes, `calibrate` joins, `writing` writes."""
