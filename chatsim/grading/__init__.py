"""What an assignment asks for, what was seen of each student's server, and the points that this gives: values, and pure
functions of them. Nothing here starts a server or writes a file.
"""
