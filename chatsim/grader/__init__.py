"""A class is graded: submissions played side by side, what is doubtful played again alone, results kept as they come."""
