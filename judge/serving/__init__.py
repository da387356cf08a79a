"""Loaded judges, shared by the surfaces that judge for many people."""
