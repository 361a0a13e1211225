"""Small-sample statistics in the standard library: exact where small samples need it, medians and ranks throughout.

Definitions and the reasons for them follow Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods" (3rd ed.),
unless a function names another source.
"""
