# Mistake: rounds to the nearest whole number.
def held_out_rows(n_rows, share):
    cut = round(n_rows * (1 - share))
    return np.arange(cut), np.arange(cut, n_rows)
