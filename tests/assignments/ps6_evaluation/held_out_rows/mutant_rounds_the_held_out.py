# Mistake: rounds the number of held-out rows down, so that one row too many is trained on.
def held_out_rows(n_rows, share):
    cut = n_rows - int(n_rows * share)
    return np.arange(cut), np.arange(cut, n_rows)
