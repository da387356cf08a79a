"""The judge inside of other programs: one file for each, which imports it and which nothing else imports."""
