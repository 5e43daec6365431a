"""What was handed in, found and unpacked: whose it is, and where in it the server lies."""
