"""Ways to judge images that can be evaluated: the judge, plain questions, the judge with something left out, rivals."""
