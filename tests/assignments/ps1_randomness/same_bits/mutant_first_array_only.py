# Mistake: returns inside the loop, after the first array.
def same_bits(first, second):
    if len(first) != len(second):
        return False
    for one, two in zip(first, second):
        return one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes()
    return True
