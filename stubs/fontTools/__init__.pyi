# fontTools ships no types; this is the part that `scripts/subset_fonts.py` uses.
