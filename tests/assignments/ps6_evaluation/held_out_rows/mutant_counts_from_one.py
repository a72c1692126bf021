# Mistake: counts the rows from 1.
def held_out_rows(n_rows, share):
    cut = int(n_rows * (1 - share))
    return list(range(1, cut + 1)), list(range(cut + 1, n_rows + 1))
