"""What is said to a person when the stack cannot be had."""


class StackError(Exception):
    """One plain sentence: what is missing or in the way, and what to do."""
