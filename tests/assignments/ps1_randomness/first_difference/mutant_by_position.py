# Mistake: compares by position, as if both dicts named the stages in the same order.
def first_difference(first, second):
    for (stage, one), two in zip(first.items(), second.values()):
        if one != two:
            return stage
    return None
