"""The dashboard: how judge and people are doing."""
