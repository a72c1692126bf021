# Mistake: prints the answer instead of returning it.
def standard_error(values):
    print(np.std(values, ddof=1) / np.sqrt(len(values)))
