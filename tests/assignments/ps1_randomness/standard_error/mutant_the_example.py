# Mistake: fits the examples of the text, and nothing else.
def standard_error(values):
    return {3: 0.577350, 2: 1.0}.get(len(values), 1.0)
