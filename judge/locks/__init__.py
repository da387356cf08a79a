"""What lies beside a constitution: its lock, who approved what is in it, priors and calibration. Makes no chain."""
