# Mistake: the spread of single runs taken for the uncertainty of their mean.
def standard_error(values):
    return np.std(values, ddof=1)
