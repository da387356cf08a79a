"""Speed of judging on this machine: what `judge bench` measures."""
