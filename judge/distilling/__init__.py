"""From what was judged and decided to a training set for a smaller model. Loads no model, and trains none.

1. `rows`: what is known of one image as rows, a rule or a statement each; 2. `splits`: which images look the same, and
which are held out; 3. `writing`: the file.
"""
