"""What measures speed and quality beyond `judge bench`: one command each."""
