"""One module for each kind of object. Each makes exactly the change it is given and swallows nothing."""
