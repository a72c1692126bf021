# Mistake: compares the sum of each array, rounded as a printout would.
def same_bits(first, second):
    return [round(float(array.sum()), 4) for array in first] == [round(float(array.sum()), 4) for array in second]
