"""The one path of every inference request, from the call to the answer, and the models it goes to."""
