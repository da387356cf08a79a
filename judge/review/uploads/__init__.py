"""Images that people give to the app: judged in the background, with progress, a cancel, and a notice at the end."""
