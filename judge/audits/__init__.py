"""What generators make, and what erasing a concept did, counted from recorded verdicts. Judges nothing itself."""
