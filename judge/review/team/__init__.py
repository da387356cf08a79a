"""Who can sign in and how the team reviews, for admins. Every change is a line of the log."""
