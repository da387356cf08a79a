"""The rule compiler: a constitution's words to chains of statements, kept in a lock file that people review.

Never imported by `judge.judging`: judging takes chains as they are, wherever they come from.
"""
