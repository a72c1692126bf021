# Mistake: zip stops at the shorter list.
def same_bits(first, second):
    return all(
        one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes()
        for one, two in zip(first, second)
    )
