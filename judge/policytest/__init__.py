"""Tests of a constitution: images with the outcomes expected of each rule. Judges come in ready made.

1. `judge.cases` reads `F.test.yaml`; 2. `outcomes` compares a verdict with what was expected; 3. `report` and `junit`
show it.
"""
