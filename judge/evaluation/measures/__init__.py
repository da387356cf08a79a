"""Judgements on images whose truth is known to figures. Runs no method, reads no file."""
