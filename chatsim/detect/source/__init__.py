"""What a server's source says about how it is spoken to. Pure: texts in, clues out (`clues`)."""
