"""Drawn OS Bench: a generated benchmark for the demo constitution, whose truth is known per precondition.

1. `vocabulary` says which Twemoji drawings stand for what, and what is arguable.
2. `recipes` says per rule what a violating drawing shows, and what a borderline one leaves out.
3. `stage` draws sprites and places them; `scenes` makes one drawing of one recipe.
4. `truth` reads the truth of every statement and rule off what was drawn and what touches what.
5. `build` writes the folder and checks its digest; `words` writes the set with words in the drawings.

Nothing here knows a model or what one answers.
"""
