"""Predicting a flight's arrival delay at the start of the hour in which it is to depart."""
