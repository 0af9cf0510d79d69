"""One module for each verb of the command line: a request in, a report out."""
