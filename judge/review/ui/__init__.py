"""What the tabs of the review app share: who is asking, templates, how a verdict is drawn, the palette."""
