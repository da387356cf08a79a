"""The judging of images: the pipeline and the pure arithmetic it rests on. Never compiles, never names a model."""
