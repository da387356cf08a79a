"""What `judge batch` costs: its speed beside `judge check`, a changed policy, memory, and hostile files."""
