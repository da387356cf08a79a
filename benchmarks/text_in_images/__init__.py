"""Words in pictures that tell the model what to say: how often they turn a verdict, and two defences."""
