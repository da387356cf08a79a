"""What a change of a constitution changes: in words (`policy`), and on images (`verdicts`). Loads no model.

1. `effects`: can an edit make a rule fire more, less, or either? pure chain logic; 2. `policy`: every change in words
with its effect, and the version it asks for; 3. `judging`: images under both; 4. `verdicts`: what flipped, and by what.
"""
