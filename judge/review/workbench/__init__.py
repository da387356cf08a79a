"""What a policy analyst works with, without a page: drafts, versions, trials, comparisons, moved thresholds.

1. `library`: shipped constitutions and the versions saved in the data folder; 2. `draft`: half-typed text to findings
and chains; 3. `trials`: images judged under a draft, or under two; 4. `replay`: decided items decided again under
moved thresholds, without a model; 5. `saving`: a new version, after a look at what it changes. Knows no browser.
"""
