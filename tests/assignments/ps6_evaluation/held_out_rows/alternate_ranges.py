# Differs: ranges in a list, and a rounding by floor division.
def held_out_rows(n_rows, share):
    cut = int(n_rows * (1 - share) // 1)
    return [range(cut), range(cut, n_rows)]
