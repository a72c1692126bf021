# Mistake: returns the first stage that is equal.
def first_difference(first, second):
    for stage in first:
        if first[stage] == second.get(stage):
            return stage
    return None
