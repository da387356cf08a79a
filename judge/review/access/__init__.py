"""Who may reach the app, with what, and how fast: logins, the door, bounds on requests."""
