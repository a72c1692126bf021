# Differs: the lab's fingerprint, of all arrays at once.
def same_bits(first, second):
    return fingerprint(list(first)) == fingerprint(list(second))
