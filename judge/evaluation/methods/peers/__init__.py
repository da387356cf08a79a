"""Rivals of the judge, as methods of an evaluation: run on the same images, counted in the same report.

1. `load_peer` reads a name (`clip`, `nudenet`, `shieldgemma2:google/shieldgemma-2-4b-it`) and loads the rival;
2. a rival rates one view of an image at a time (`method.Rival`); 3. `Peer` opens files, joins what was said of an
image's views and turns every failure into `needs_review`. None of them is used to judge.
"""

from judge.evaluation.methods.peers.load import load_peer
from judge.evaluation.methods.peers.method import Peer, Rival

__all__ = ["Peer", "Rival", "load_peer"]
