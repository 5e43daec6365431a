"""A class is graded: submissions played side by side, what is doubtful played again undisturbed, results kept as they come."""
