"""The queue: people decide on items that wait, one at a time, by keyboard."""
