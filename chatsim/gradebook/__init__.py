"""Grades as people and other programs read them: pages for students, the book of a class, and the files of learning systems."""
