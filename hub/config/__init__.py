"""The folder of a home: reading it, refusing what is wrong with file and line, writing a new one, watching it."""
