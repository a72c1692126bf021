# Mistake: takes the share as that of the training rows.
def held_out_rows(n_rows, share):
    cut = int(n_rows * share)
    return list(range(cut)), list(range(cut, n_rows))
