# Mistake: holds out the first rows, not the last.
def held_out_rows(n_rows, share):
    held = n_rows - int(n_rows * (1 - share))
    return list(range(held, n_rows)), list(range(held))
