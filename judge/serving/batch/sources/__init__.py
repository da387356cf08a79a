"""What a batch reads: one `Source` per kind of input, each a stream of items with a stable key."""

from judge.serving.batch.sources.item import Item, Source
from judge.serving.batch.sources.named import source_of

__all__ = ["Item", "Source", "source_of"]
