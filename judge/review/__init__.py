"""The review app: a queue in which people decide, a workbench for policies, a dashboard; users, log and audit."""
