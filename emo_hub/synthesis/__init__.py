"""From requests to the corpus: stages ask a teacher, replies become records, records become rows.

Each stage is a value with two pure functions (`ask`, `read`), all of them run by one loop, whoever
the teacher is. What does not fit is kept as a rejection with its reason.
"""
