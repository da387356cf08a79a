"""What a batch reads: one `Source` per kind of input, each a stream of items with a stable key."""

from judge.serving.batch.sources.item import Source, SourceItem
from judge.serving.batch.sources.named import place_of, source_of

__all__ = ["SourceItem", "Source", "place_of", "source_of"]
