# Mistake: a stage that the second run lacks is passed over.
def first_difference(first, second):
    for stage in first:
        if stage in second and first[stage] != second[stage]:
            return stage
    return None
