"""What a batch has come to, in the terminal and as a page. Reads its tables; judges nothing."""
