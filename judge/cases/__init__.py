"""Cases of a constitution, `F.test.yaml`: pictures with what is expected of them. Loads no model, judges nothing.

1. `reading`: the file, or every mistake in it; 2. `examples`: what a debate is told of its pictures, in words.
"""
