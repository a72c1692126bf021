# Mistake: walks through the stages in the order of the second run.
def first_difference(first, second):
    for stage in [*second, *(stage for stage in first if stage not in second)]:
        if stage in first and first[stage] != second.get(stage):
            return stage
    return None
