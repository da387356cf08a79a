"""Asks a server that `judge serve` runs."""

from judge.client.client import Client

__all__ = ["Client"]
