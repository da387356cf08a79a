"""A sentence to a chain, by a closed grammar: one reading, or a refusal that shows the readings there are."""
