# Mistake: the last row belongs to no part.
def held_out_rows(n_rows, share):
    cut = int(n_rows * (1 - share))
    return list(range(cut)), list(range(cut, n_rows - 1))
